"""What the forms of every app share, and the forms of people, structure, roles, periods and settings."""

from django import forms


class OrganizationChoiceField(forms.ModelChoiceField):
    """A choice among rows of the current organization: read when the form is made, never when it is imported.

    `model` is a tenant model; `order` names its order, `filters` narrow it. A row of another organization is
    simply not among the choices.
    """

    def __init__(self, model, *, order: str = "sort_key", filters: dict | None = None, **options):
        self.model, self.order, self.filters = model, order, filters or {}
        options.setdefault("widget", forms.Select(attrs={"data-combobox": ""}))
        super().__init__(queryset=None, **options)

    def __deepcopy__(self, memo):
        """A form copies its fields when it is made: here the scope is open."""
        field = super().__deepcopy__(memo)
        field.queryset = self.model.objects.filter(**self.filters).order_by(self.order)
        return field


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class OrganizationForm(forms.Form):
    """A form inside an organization: its choices hold rows of that organization only."""

    use_required_attribute = False

    def refuse(self, refusal) -> None:
        """Show why a service refused, beside the field it names, with everything typed still there."""
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, str(refusal))
