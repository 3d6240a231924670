"""Why a card stands at its tier: for whoever may read the card, so the coefficient and never an amount."""

from django.utils.translation import gettext as _

from kpiapp.explain import Explanation, Step
from kpiapp.models import Member
from payroll import queries
from payroll.explain.words import Words, card_crumbs, card_sources, tier_step
from payroll.pay_rules import next_tier
from scorecards.explain.numbers import pct
from scorecards.models import Scorecard
from scorecards.scoring import tier_of


def explain_tier(card: Scorecard, *, reader: Member) -> Explanation:
    """The tier if the period ended now, the rules it comes from, and the score below it."""
    words = Words(card.organization.currency)
    table = queries.tier_table_on(card.period.last_day)
    percent = card.score.percent if hasattr(card, "score") else None
    score = Step(
        title=_("Score"),
        value=words.percent(percent),
        text=_("The score of the card as it stands now."),
        sources=card_sources(card),
    )
    if table is None or percent is None:
        text = _("There is no score yet.") if table else _("No approved tier table is in force.")
        steps = (Step(title=_("Tier"), value="–", text=text), score)
        intro = _("If the period ended now.")
        return Explanation(title=_("Why no tier?"), intro=intro, steps=steps, crumbs=card_crumbs(card))
    tiers = queries.scoring_tiers(table)
    reached, following = tier_of(percent, tiers), next_tier(percent, tiers)
    lift = ""
    if following:
        lift = _("A score of %(percent)s reaches tier %(tier)s, × %(coefficient)s.") % {
            "percent": pct(following.at_least),
            "tier": following.name,
            "coefficient": words.number(following.coefficient),
        }
    return Explanation(
        title=_("Why tier %(tier)s?") % {"tier": reached.name},
        intro=_("If the period ended now."),
        steps=(tier_step(percent, reached, tiers, words, table, reader), score),
        lift=lift,
        about=("card", card.pk),
        crumbs=card_crumbs(card),
    )
