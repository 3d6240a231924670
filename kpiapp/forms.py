"""What the forms of every app share, and the forms of people, structure, roles, periods and settings."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.calendar_page import share_word
from kpiapp.calendars import DAYS_OF_A_WEEK, SHARES
from kpiapp.choices import GRANTED_ROLES, CsvDelimiter, Language, LongPeriods, Role
from kpiapp.decimals import plain
from kpiapp.models import Department, Organization, Position
from kpiapp.person_field import PersonField
from kpiapp.services.refusals import Refused

PASSWORD_HELP = gettext_lazy("At least 8 characters, and not one that everybody uses.")
CURRENCIES = ("VND", "USD", "EUR", "JPY", "SGD", "THB", "KRW", "CNY", "GBP", "AUD")


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

    def refuse(self, refusal: Refused) -> None:
        """Show why a service refused, beside the field it names, with everything typed still there."""
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, str(refusal))

    def run(self, service: Callable, **arguments) -> bool:
        """Validate, then call the service with what was typed and these arguments; whether that went through.

        What the service returned is in `result` afterwards; why it refused is among the errors.
        """
        if not self.is_valid():
            return False
        try:
            self.result = service(**self.cleaned_data, **arguments)
        except Refused as refusal:
            self.refuse(refusal)
            return False
        return True


def _department(**options) -> OrganizationChoiceField:
    return OrganizationChoiceField(Department, label=gettext_lazy("Department"), filters={"is_active": True}, **options)


def _position(**options) -> OrganizationChoiceField:
    return OrganizationChoiceField(Position, label=gettext_lazy("Position"), **options)


class StandingForm(OrganizationForm):
    """Where a person stands from a day on."""

    department = _department()
    position = _position()
    manager = PersonField(label=gettext_lazy("Manager"), required=False)
    on = forms.DateField(label=gettext_lazy("From"), widget=DayInput)


class PersonForm(OrganizationForm):
    """A person as HR knows them."""

    name = forms.CharField(label=gettext_lazy("Full name"), max_length=200)
    code = forms.CharField(label=gettext_lazy("Employee code"), max_length=40)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)


class NewPersonForm(PersonForm, StandingForm):
    """A new person, and where they begin. An empty code becomes the next free one."""

    field_order = ["name", "email", "code", "department", "position", "manager", "on"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].required = False
        self.fields["code"].help_text = _("Leave it empty for the next free one.")


class MoveForm(StandingForm):
    """A change of department, position or manager, and why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=500)


class LeaveForm(OrganizationForm):
    """The end of an employment."""

    last_day = forms.DateField(
        label=gettext_lazy("Last working day"),
        widget=DayInput,
        help_text=gettext_lazy("Signing in ends now; pay and scores count up to this day."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=500)


class DepartmentForm(OrganizationForm):
    """A department and its place in the tree."""

    code = forms.CharField(label=gettext_lazy("Code"), max_length=40)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    parent = _department(required=False)
    head = PersonField(label=gettext_lazy("Head"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parent"].label = _("Part of")


class PositionForm(OrganizationForm):
    """A job that people hold."""

    code = forms.CharField(label=gettext_lazy("Code"), max_length=40)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)


class PeopleFilter(OrganizationForm):
    """What the directory shows."""

    q = forms.CharField(label=gettext_lazy("Search people"), required=False, max_length=100)
    department = _department(required=False, empty_label=gettext_lazy("All departments"))
    left = forms.BooleanField(label=gettext_lazy("Those who left"), required=False)


class RoleGrantForm(OrganizationForm):
    """Who gets which role for which time."""

    member = PersonField(label=gettext_lazy("Person"))
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        # None stands chosen: the first of them is the owner.
        choices=[("", gettext_lazy("Choose a role")), *((role, role.label) for role in Role if role in GRANTED_ROLES)],
    )
    valid_from = forms.DateField(label=gettext_lazy("From"), widget=DayInput)
    last_day = forms.DateField(
        label=gettext_lazy("Until, last day included"),
        widget=DayInput,
        required=False,
        help_text=gettext_lazy("A role that opens pay needs a last day, a year away at most; others may stay open."),
    )

    def clean(self):
        """The last day becomes the first day without the role."""
        data = super().clean()
        last_day = data.pop("last_day", None)
        data["valid_to"] = last_day + datetime.timedelta(days=1) if last_day else None
        return data


class SettingsForm(OrganizationForm):
    """What an organization is called and how it counts."""

    name = forms.CharField(label=gettext_lazy("Company name"), max_length=200)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=Language.choices,
        help_text=gettext_lazy("For mails and for new people; everybody can choose their own."),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=[(code, code) for code in CURRENCIES])
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(name, name) for name in sorted(available_timezones()) if "/" in name],
        widget=forms.Select(attrs={"data-combobox": ""}),
    )
    fiscal_year_start_month = forms.TypedChoiceField(
        label=gettext_lazy("The fiscal year starts in"), choices=list(MONTHS.items()), coerce=int
    )
    long_periods = forms.ChoiceField(label=gettext_lazy("Scores of quarters and years"), choices=LongPeriods.choices)
    csv_delimiter = forms.ChoiceField(
        label=gettext_lazy("Delimiter of CSV files"),
        choices=CsvDelimiter.choices,
        help_text=gettext_lazy("Choose the semicolon if a file opens with all its values in one column."),
    )
    zero_target_full_if_met = forms.BooleanField(
        label=gettext_lazy("A target of zero that is met is full"),
        required=False,
        help_text=gettext_lazy(
            "Where the actual is held against the target by division, a target of zero cannot be scored. With this, it"
            " is full when it is met and nothing when it is missed. The next night scores what is open anew."
        ),
    )

    @classmethod
    def of(cls, organization: Organization, data=None):
        """The form, filled with what holds now; a currency we do not list stays choosable."""
        form = cls(data, initial={name: getattr(organization, name) for name in cls.base_fields})
        if organization.currency not in CURRENCIES:
            form.fields["currency"].choices = [
                (organization.currency, organization.currency),
                *form.fields["currency"].choices,
            ]
        return form


def _share_choices() -> list[tuple[str, str]]:
    return [(plain(share), share_word(share)) for share in SHARES]


class ShareField(forms.TypedChoiceField):
    """How much of a day is worked."""

    def __init__(self, **options):
        super().__init__(choices=_share_choices, coerce=Decimal, **options)


class CalendarWeekForm(OrganizationForm):
    """How much of each weekday is worked, Monday first, and since when."""

    starts_on = forms.DateField(
        label=gettext_lazy("Holds from"),
        widget=DayInput,
        required=False,
        help_text=gettext_lazy("Days before keep the week they had. Empty: it was always so."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for number in range(DAYS_OF_A_WEEK):
            self.fields[f"day_{number}"] = ShareField(label=WEEKDAYS[number])

    @classmethod
    def of(cls, week, starts_on):
        """The form, filled with a week and the day from which another one would hold."""
        days = {f"day_{number}": plain(share) for number, share in enumerate(week)}
        return cls(initial={**days, "starts_on": starts_on})

    @property
    def weekdays(self):
        """The seven fields, Monday first."""
        return [self[f"day_{number}"] for number in range(DAYS_OF_A_WEEK)]

    def clean(self):
        """The seven answers as one week."""
        data = super().clean()
        days = [f"day_{number}" for number in range(DAYS_OF_A_WEEK)]
        if not all(day in data for day in days):
            return data
        return {"week": [data[day] for day in days], "starts_on": data.get("starts_on")}


class CalendarDayForm(OrganizationForm):
    """A day that is worked otherwise than its weekday."""

    on = forms.DateField(label=gettext_lazy("Day"), widget=DayInput)
    share = ShareField(label=gettext_lazy("Worked"))
    name = forms.CharField(label=gettext_lazy("What it is called"), max_length=200, required=False)


class TokenForm(OrganizationForm):
    """A new API key."""

    name = forms.CharField(
        label=gettext_lazy("What is it for?"), max_length=100, help_text=gettext_lazy("For example: sales system.")
    )


class ReasonForm(OrganizationForm):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000)


class PasswordForm(forms.Form):
    """A password of one's own, checked like at sign-up."""

    use_required_attribute = False
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=PASSWORD_HELP,
    )

    def clean_password(self):
        """Long enough, and not a common one."""
        validate_password(self.cleaned_data["password"])
        return self.cleaned_data["password"]


class AuditFilter(OrganizationForm):
    """Which events are shown. `until` includes its day."""

    # Typed, not chosen from a list: an organization may have five thousand people.
    who = forms.CharField(
        label=gettext_lazy("Who"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"class": "input", "placeholder": gettext_lazy("Type a name")}),
    )
    what = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    since = forms.DateField(label=gettext_lazy("From"), widget=DayInput, required=False)
    until = forms.DateField(label=gettext_lazy("To"), widget=DayInput, required=False)
    target_type = forms.CharField(required=False, widget=forms.HiddenInput)
    target_id = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, actions=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [("", _("Anything")), *actions]

    def clean(self):
        """Dates in the right order."""
        data = super().clean()
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            raise ValidationError(_("The last day has to come after the first."))
        return data
