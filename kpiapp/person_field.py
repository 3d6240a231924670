"""A field for one person of the organization, typed by name and completed by the page."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.models import Member
from kpiapp.permissions import Permission
from kpiapp.text import search_key


def person_label(member: Member) -> str:
    """How a person is written in the field: "Lê Thị Lan (NV003)"."""
    return f"{member.name} ({member.code})"


class PersonInput(forms.TextInput):
    """A plain field in the box of its list; `static/js/people.js` searches while one types."""

    def __init__(self, attrs=None):
        usual = {"data-person": "", "class": "input", "autocomplete": "off", "placeholder": gettext_lazy("Type a name")}
        super().__init__({**usual, **(attrs or {})})

    def render(self, name, value, attrs=None, renderer=None):
        """The field and room for what is found."""
        return format_html('<span class="combobox">{}</span>', super().render(name, value, attrs, renderer))


class PersonField(forms.CharField):
    """An active member, or None when left empty. Takes "Name (CODE)", a code, or a name that only one person has.

    A field one types into, not a list: an organization may have five thousand people. `within` offers only those over
    whom the reader holds a permission; who is taken is for the view to decide.
    """

    widget = PersonInput

    def __init__(self, *, within: Permission | None = None, **options):
        super().__init__(**options)
        self.widget.attrs["data-person"] = within or ""

    def prepare_value(self, value):
        """A member as they are written; what was typed stays as it was typed."""
        return person_label(value) if isinstance(value, Member) else value

    def clean(self, value) -> Member | None:
        """The one person who is meant; says what to type when that is not clear."""
        typed = super().clean(value)
        if not typed:
            return None
        name, _bracket, code = typed.rstrip(") ").rpartition("(")
        people = Member.objects.filter(is_active=True)
        found = list(people.filter(code__iexact=code.strip())) or list(people.filter(search_key=search_key(typed))[:2])
        if len(found) == 1 and (not name.strip() or search_key(name) == search_key(found[0].name)):
            return found[0]
        if found:
            raise ValidationError(
                _("Several people are called “%(typed)s”. Choose one with a code.") % {"typed": typed}
            )
        raise ValidationError(_("Nobody is called “%(typed)s”. Choose one of the names shown.") % {"typed": typed})
