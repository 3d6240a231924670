"""The tiles pay shows above a scorecard: the tier now, the way to the next one, and KPI pay on one's own card only."""

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodKind
from kpiapp.decimals import format_money, format_number, round_percent
from kpiapp.models import Member
from kpiapp.registry import CardTile
from payroll import queries, recompute
from payroll.pay_rules import next_tier
from scorecards.models import Scorecard
from scorecards.scoring import tier_of


def tiles_of(scorecard: Scorecard, member: Member) -> list[CardTile]:
    """The tier if the period ended now, for whoever may read the card; the amount for the person alone.

    A manager could reckon pay from amounts and scores, so everybody else sees the coefficient only.
    """
    percent = scorecard.score.percent if hasattr(scorecard, "score") else None
    if percent is None or not scorecard.member_id:
        return []
    if scorecard.member_id == member.pk:
        tiers, people = recompute.gather_standing(scorecard.period, member_id=member.pk)
    else:
        tiers, people = queries.scoring_tiers_on(scorecard.period.last_day), []
    if not tiers:
        return []
    language, address = get_language() or "en", [member.organization.slug, scorecard.pk]
    reached, following = tier_of(percent, tiers), next_tier(percent, tiers)
    note = _("the top tier")
    if following:
        note = _("%(points)s points to tier %(tier)s (× %(coefficient)s)") % {
            "points": format_number(following.at_least - round_percent(percent), language),
            "tier": following.name,
            "coefficient": format_number(following.coefficient, language),
        }
    tile = CardTile(
        label=_("Bonus tier, if the period ended now"),
        value=reached.name,
        small=f"× {format_number(reached.coefficient, language)}",
        note=note,
        url=reverse("payroll:explain_tier", args=address),
    )
    if scorecard.period.kind != PeriodKind.MONTH:
        return [tile]
    why_pay = reverse("payroll:explain_estimate", args=address)
    return [tile, *_pay_tile(people, tiers, member.organization.currency, language, why_pay)]


def _pay_tile(people: list, tiers: list, currency: str, language: str, url: str) -> list[CardTile]:
    """What the month would bring, by the path that pays it; nothing without a target amount or an agreed card."""
    line = next(recompute.pay_lines(people, tiers, currency), None)
    if line is None or not line.result.p3_target_amount or line.result.score_percent is None:
        return []
    target = format_money(line.result.p3_target_amount, currency, language)
    tile = CardTile(
        label=_("Estimated KPI pay"),
        value=format_money(line.result.p3_amount, currency, language),
        note=_("of %(target)s at target") % {"target": target},
        url=url,
    )
    return [tile]
