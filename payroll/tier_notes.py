"""What a moved score means for pay, told with the score to whoever may read the card: the tier, never an amount."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.registry import ScoreNote
from payroll import queries
from scorecards.choices import OwnerKind
from scorecards.models import Scorecard
from scorecards.scoring import Tier, tier_of

Change = tuple[int, Decimal | None, Decimal | None]


def notes_of(changes: Sequence[Change], member: Member, on: datetime.date) -> dict[int, ScoreNote]:
    """The tier before and after by card of a person; one query, and one for each day on which periods end."""
    people = Scorecard.objects.filter(pk__in=[key for key, _before, _after in changes], owner_kind=OwnerKind.MEMBER)
    last_days = {card.pk: card.period.last_day for card in people.select_related("period")}
    tables = {day: queries.scoring_tiers_on(day) for day in set(last_days.values())}
    notes = {}
    for key, before, after in changes:
        tiers = tables.get(last_days.get(key))
        if tiers:
            old, new = _name(before, tiers), _name(after, tiers)
            notes[key] = ScoreNote(old, new, _text(old, new))
    return notes


def _text(old: str, new: str) -> str:
    if old == new:
        return _("Tier %(tier)s, as now") % {"tier": old}
    return _("Tier %(before)s → %(after)s") % {"before": old, "after": new}


def _name(percent: Decimal | None, tiers: list[Tier]) -> str:
    return "–" if percent is None else tier_of(percent, tiers).name
