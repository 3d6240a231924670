"""How somebody wants to hear of things: when their mail comes, and for each kind whether it comes by mail at all."""

from django import forms
from django.utils.translation import gettext_lazy

from kpiapp import registry
from kpiapp.choices import DigestRhythm, Weekday
from kpiapp.forms import OrganizationForm
from kpiapp.models import NotificationPreference

MAIL, APP, OFF = "mail", "app", "off"
CHANNELS = ((MAIL, gettext_lazy("App and mail")), (APP, gettext_lazy("App only")), (OFF, gettext_lazy("Not at all")))
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class NotificationSettingsForm(OrganizationForm):
    """Rhythm, hour and day of the mail, and a channel for every registered kind."""

    rhythm = forms.ChoiceField(label=gettext_lazy("Mail about what waits"), choices=DigestRhythm.choices)
    hour = forms.TypedChoiceField(label=gettext_lazy("Hour"), choices=HOURS, coerce=int)
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Day of the week"),
        choices=Weekday.choices,
        coerce=int,
        help_text=gettext_lazy("For the mail of once a week."),
    )

    def __init__(self, *args, preference: NotificationPreference | None, **options):
        super().__init__(*args, **options)
        self.preference = preference or NotificationPreference()
        for name in ("rhythm", "hour", "weekday"):
            self.fields[name].initial = getattr(self.preference, name)
        for kind, about in registry.NOTIFICATIONS.items():
            choices = CHANNELS[:2] if about.waits else CHANNELS
            field = forms.ChoiceField(label=about.label, choices=choices, initial=self._channel(kind))
            field.widget.attrs["class"] = "select"
            self.fields[f"kind.{kind}"] = field

    def _channel(self, kind: str) -> str:
        if kind in self.preference.silenced:
            return OFF
        return APP if kind in self.preference.not_mailed else MAIL

    @property
    def kinds(self) -> list[forms.BoundField]:
        """The channels, kind by kind."""
        return [self[name] for name in self.fields if name.startswith("kind.")]

    def clean(self):
        """Channels as the two lists that are stored."""
        cleaned = super().clean()
        chosen = {name.removeprefix("kind."): cleaned.pop(name) for name in list(cleaned) if name.startswith("kind.")}
        cleaned["not_mailed"] = [kind for kind, channel in chosen.items() if channel != MAIL]
        cleaned["silenced"] = [kind for kind, channel in chosen.items() if channel == OFF]
        return cleaned
