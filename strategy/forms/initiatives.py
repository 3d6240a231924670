"""Forms of initiatives, milestones, the SWOT board and risks."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpiapp.decimals import ZERO
from kpiapp.forms import DayInput, OrganizationChoiceField, OrganizationForm
from kpiapp.number_field import NumberField
from kpiapp.person_field import PersonField
from strategy.choices import InitiativeState, SwotKind
from strategy.initiatives import OPEN
from strategy.models import Initiative, KpiDefinition, Objective, Perspective

LONG = forms.Textarea(attrs={"rows": 3})
ONE_TO_FIVE = [(number, str(number)) for number in range(1, 6)]


class ManyField(forms.ModelMultipleChoiceField):
    """Several rows of the organization, as a list of boxes to tick."""

    def __init__(self, **options):
        boxes = forms.CheckboxSelectMultiple(attrs={"class": "check"})
        super().__init__(queryset=None, required=False, widget=boxes, **options)


class InitiativeForm(OrganizationForm):
    """What is done, by whom, from when to when, at what cost, and what for."""

    name = forms.CharField(label=_("What is done"), max_length=200)
    owner = PersonField(label=_("Who is responsible"), required=False)
    description = forms.CharField(label=_("Description"), required=False, widget=LONG)
    starts_on = forms.DateField(label=_("Starts on"), widget=DayInput)
    due_on = forms.DateField(label=_("Due on"), widget=DayInput)
    budget_amount = NumberField(label=_("Budget"), required=False, minimum=ZERO)
    objectives = ManyField(label=_("Objectives it serves"))
    kpis = ManyField(label=_("KPIs it is to move"))
    waits_for = ManyField(label=_("Begins when these are done"))

    def __init__(self, *args, initiative: Initiative | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        others = Initiative.objects.exclude(pk=initiative.pk if initiative else None)
        waited = Q(followers__initiative=initiative) if initiative else Q(pk=None)
        self.fields["waits_for"].queryset = (
            others.filter(Q(state__in=OPEN) | waited).distinct().order_by("due_on", "pk")
        )
        published = Objective.objects.published().select_related("perspective")
        self.fields["objectives"].queryset = published.order_by("perspective__position", "position")
        # Everybody reads what an initiative is for, so a confidential KPI is none of its choices.
        open_ones = KpiDefinition.objects.filter(is_active=True, is_confidential=False)
        self.fields["kpis"].queryset = open_ones.order_by("sort_key")

    @property
    def served(self):
        """The lists of boxes."""
        return self["objectives"], self["kpis"], self["waits_for"]


class ProgressForm(OrganizationForm):
    """How far it has come."""

    state = forms.ChoiceField(label=_("State"), choices=InitiativeState.choices)
    progress_percent = forms.IntegerField(label=_("Progress, %"), min_value=0, max_value=100, required=False)

    def __init__(self, *args, has_milestones: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if has_milestones:  # their share is the progress
            self.fields["progress_percent"].widget = forms.HiddenInput()


class BookingForm(OrganizationForm):
    """What it cost, when, and what for."""

    amount = NumberField(label=_("Amount"), help_text=_("A negative amount takes money back."))
    booked_on = forms.DateField(label=_("Day"), widget=DayInput)
    note = forms.CharField(label=_("What for"), max_length=200)


class MilestoneForm(OrganizationForm):
    """What will be there on a day."""

    name = forms.CharField(label=_("Milestone"), max_length=200)
    due_on = forms.DateField(label=_("Due on"), widget=DayInput)


class SwotForm(OrganizationForm):
    """One sentence in one quarter."""

    kind = forms.ChoiceField(choices=SwotKind.choices, widget=forms.HiddenInput)
    text = forms.CharField(label=_("In one sentence"), max_length=300)


class SwotObjectiveForm(OrganizationForm):
    """The objective that answers an item."""

    name = forms.CharField(label=_("Objective"), max_length=200)
    perspective = OrganizationChoiceField(
        Perspective, label=_("Perspective"), order="position", filters={"is_active": True}, widget=forms.Select
    )


class RiskForm(OrganizationForm):
    """What may happen, how likely and how bad, and what is done about it."""

    name = forms.CharField(label=_("What may happen"), max_length=300)
    likelihood = forms.TypedChoiceField(label=_("Likelihood, 1 to 5"), choices=ONE_TO_FIVE, coerce=int)
    impact = forms.TypedChoiceField(label=_("Impact, 1 to 5"), choices=ONE_TO_FIVE, coerce=int)
    response = forms.CharField(label=_("What we do about it"), required=False, widget=LONG)
    owner = PersonField(label=_("Who watches it"), required=False)
