"""Forms of maps, objectives and links."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kpiapp.forms import OrganizationChoiceField, OrganizationForm
from kpiapp.person_field import PersonField
from strategy.catalogue import example_maps
from strategy.choices import LinkStrength
from strategy.models import Objective, Perspective
from strategy.services.links import MAX_LAG_MONTHS


class MapForm(OrganizationForm):
    """What a map is called, and what it is for."""

    name = forms.CharField(label=_("Name"), max_length=200)
    vision = forms.CharField(label=_("Vision"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    mission = forms.CharField(label=_("Mission"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    core_values = forms.CharField(label=_("Values"), required=False, widget=forms.Textarea(attrs={"rows": 3}))


class ExampleForm(OrganizationForm):
    """Which published map to begin with."""

    example = forms.ChoiceField(label=_("Example"))
    with_measures = forms.BooleanField(label=_("Make its measures KPIs too"), required=False)
    with_initiatives = forms.BooleanField(
        label=_("Plan the initiatives of the example too"),
        required=False,
        help_text=_("Some examples have none. They run for a year from today."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["example"].choices = [(example.code, str(example.name)) for example in example_maps().values()]


class ObjectiveForm(OrganizationForm):
    """What is to be reached, and by whom."""

    name = forms.CharField(label=_("Objective"), max_length=200)
    owner = PersonField(label=_("Who is responsible"), required=False)
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    theme = forms.CharField(label=_("Theme"), max_length=100, required=False)


class NewObjectiveForm(OrganizationForm):
    """The short way: a name in a lane."""

    perspective = OrganizationChoiceField(
        Perspective, order="position", filters={"is_active": True}, widget=forms.HiddenInput
    )
    name = forms.CharField(label=_("Objective"), max_length=200)


class LinkForm(OrganizationForm):
    """How strong a link is, and how long its effect takes."""

    strength = forms.ChoiceField(label=_("Strength"), choices=LinkStrength.choices, initial=LinkStrength.MEDIUM)
    lag_months = forms.IntegerField(
        label=_("Months until the effect shows"), min_value=0, max_value=MAX_LAG_MONTHS, initial=0
    )


class NewLinkForm(LinkForm):
    """What an objective drives."""

    target = forms.ModelChoiceField(label=_("Drives"), queryset=None, widget=forms.Select(attrs={"data-combobox": ""}))
    field_order = ["target", "strength", "lag_months"]

    def __init__(self, *args, source: Objective, **kwargs):
        super().__init__(*args, **kwargs)
        # Everything on the map: what cannot be linked is refused with the reason, which teaches more than its absence.
        others = (
            Objective.objects.standing().filter(map=source.map_id).exclude(pk=source.pk).select_related("perspective")
        )
        self.fields["target"].queryset = others


class PerspectiveForm(OrganizationForm):
    """A lane of one's own."""

    name = forms.CharField(label=_("Name"), max_length=100)


class CommandForm(OrganizationForm):
    """A step of the map editor, as its script sends it."""

    do = forms.SlugField(max_length=20)
    objective = forms.IntegerField(required=False)
    target = forms.IntegerField(required=False)
    lane = forms.IntegerField(required=False)
    position = forms.IntegerField(min_value=0, max_value=1000, required=False)
    up = forms.BooleanField(required=False)
    name = forms.CharField(max_length=200, required=False)
    theme = forms.CharField(max_length=100, required=False)
    strength = forms.ChoiceField(choices=LinkStrength.choices, required=False)
    lag_months = forms.IntegerField(min_value=0, max_value=MAX_LAG_MONTHS, required=False)


class PublishForm(OrganizationForm):
    """What is new, in a line for the history; and a yes, when KPIs measure what leaves the map."""

    note = forms.CharField(label=_("What is new, in one line"), max_length=500, required=False)
    retire_measured = forms.BooleanField(label=_("These KPIs may be without an objective"), required=False)

    def __init__(self, *args, asks: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not asks:
            del self.fields["retire_measured"]
