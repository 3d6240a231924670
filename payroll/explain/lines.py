"""Why pay is what it is: from the amount through tier and score down to the card, in words."""

import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from kpiapp.decimals import round_percent
from kpiapp.explain import Explanation, Step
from kpiapp.models import Member
from kpiapp.templatetags.kpi import instant
from payroll import queries, seal
from payroll.choices import NoScore
from payroll.explain.words import Words, card_crumbs, card_sources, line_crumbs, rate_sources, tier_step
from payroll.models import PayLine
from payroll.pay_rules import next_tier, pay_of
from scorecards.explain import explain_card
from scorecards.explain.numbers import pct
from scorecards.models import Scorecard
from scorecards.queries import visible_cards
from scorecards.scoring import tier_of


def explain_line(line: PayLine, *, reader: Member, on: datetime.date) -> Explanation:
    """Every step of a line as it was frozen; links lead on to what the reader may open."""
    run, words = line.run, Words(line.organization.currency)
    steps = [
        Step(
            title=_("Gross, %(period)s") % {"period": run.period.label},
            value=words.money(line.gross_amount),
            text=_("P1 %(p1)s + P2 %(p2)s + P3 %(p3)s")
            % {
                "p1": words.money(line.p1_amount),
                "p2": words.money(line.p2_amount),
                "p3": words.money(line.p3_amount),
            },
        ),
        Step(
            title=_("P1, position"),
            value=words.money(line.p1_amount),
            text=_p1_text(line),
            sources=rate_sources(line.inputs["p1_rate"], reader),
        ),
        Step(
            title=_("P2, person"),
            value=words.money(line.p2_amount),
            text=_("P1 %(p1)s × (%(coefficient)s − 1)")
            % {"p1": words.money(line.p1_amount), "coefficient": words.number(line.p2_coefficient)}
            + f", {words.rounded}",
            sources=rate_sources(line.inputs["p2_rate"], reader),
        ),
        *_performance_steps(_("KPI pay (P3), %(period)s"), line, words, reader, on),
    ]
    intro = _("Every step that led here, down to what was typed. Calculated %(at)s, run %(run)s.") % {
        "at": instant(run.calculated_at),
        "run": run.pk,
    }
    title = _("Why %(amount)s?") % {"amount": words.money(line.gross_amount)}
    return Explanation(
        title=title,
        intro=intro,
        steps=tuple(steps),
        lift=_lift(line, words),
        about=("pay_line", line.pk),
        crumbs=line_crumbs(line, reader),
    )


def explain_estimate(line: PayLine, card: Scorecard, *, reader: Member, on: datetime.date) -> Explanation:
    """What the month would bring the card's person (`estimates.estimate_of`), by the steps that will pay it."""
    words = Words(line.organization.currency)
    steps = _performance_steps(_("Estimated KPI pay (P3), %(period)s"), line, words, reader, on)
    return Explanation(
        title=_("Why %(amount)s?") % {"amount": words.money(line.p3_amount)},
        intro=_("What the month would bring if it ended now, down to what was typed. The pay run decides."),
        steps=tuple(steps),
        lift=_lift(line, words),
        about=("estimate", line.inputs["card"]) if line.inputs["card"] else None,
        crumbs=card_crumbs(card),
    )


def _performance_steps(title: str, line: PayLine, words: Words, reader: Member, on: datetime.date) -> list[Step]:
    """KPI pay with its target; then the tier, the score and, for who may read the card, its lines."""
    target = words.money(line.p3_target_amount)
    if not line.p3_target_amount:
        text = _("No KPI pay is set for the position.")
    elif line.tier_coefficient is None:
        reason = NoScore(line.inputs["no_score"]).label
        text = _("Target %(target)s is not paid: %(reason)s.") % {"target": target, "reason": reason}
    else:
        text = _("Target %(target)s × tier %(tier)s coefficient %(coefficient)s") % {
            "target": target,
            "tier": line.tier_code,
            "coefficient": words.number(line.tier_coefficient),
        }
        text += f", {words.rounded}"
    sources = rate_sources(line.inputs["p3_rate"], reader)
    step = Step(title % {"period": line.run.period.label}, words.money(line.p3_amount), text, sources)
    return [step, *_score_steps(line, words, reader, on)]


def _score_steps(line: PayLine, words: Words, reader: Member, on: datetime.date) -> list[Step]:
    if line.score_percent is None:
        return []
    card: Scorecard | None = None
    if line.inputs["card"]:
        cards = visible_cards(reader, on).select_related("period", "score", "organization")
        card = cards.filter(pk=line.inputs["card"]).first()
    tiers = seal.unpack_tiers(line.run.inputs["tiers"])
    reached = tier_of(line.score_percent, tiers)
    table = queries.tier_tables().get(pk=line.run.tier_table_id)
    measured = pct(Decimal(line.inputs["measured_weight"]))
    text = _("Weighted mean of the KPIs measured, %(measured)s of the weight") % {"measured": measured}
    now = card.score.percent if card and hasattr(card, "score") else None
    has_changed = now is not None and round_percent(now) != line.score_percent
    if has_changed:
        text += ". " + _("The card has changed since: it says %(now)s today.") % {"now": words.percent(now)}
    score = Step(
        title=_("Score"),
        value=words.percent(line.score_percent),
        text=text,
        sources=card_sources(card) if card else (),
    )
    tier = tier_step(line.score_percent, reached, tiers, words, table, reader)
    # Every line of the card with its way on to its entries.
    below = [step for step in explain_card(card, reader=reader, on=on).steps if step.sources] if card else []
    if has_changed and below:
        told = _("The KPIs below add up to this score, no longer to the one that was paid by.")
        below = [Step(_("The card today"), words.percent(now), told), *below]
    return [tier, score, *below]


def _p1_text(line: PayLine) -> str:
    if not line.inputs["p1_rate"]:
        return _("No amount is set for the position %(position)s.") % {"position": line.position_name}
    if line.inputs["p1_rate"].startswith("member:"):
        return _("Set for the person")
    return _("Set for the position %(position)s") % {"position": line.position_name}


def _lift(line: PayLine, words: Words) -> str:
    if line.score_percent is None or not line.p3_target_amount:
        return ""
    tiers = seal.unpack_tiers(line.run.inputs["tiers"])
    following = next_tier(line.score_percent, tiers)
    if following is None:
        return ""
    given = seal.pay_input({**line.inputs, "score_percent": str(following.at_least)})
    more = pay_of(given, tiers, line.run.inputs["currency"]).p3_amount - line.p3_amount
    return _("A score of %(percent)s reaches tier %(tier)s: +%(amount)s.") % {
        "percent": pct(following.at_least),
        "tier": following.name,
        "amount": words.money(more),
    }
