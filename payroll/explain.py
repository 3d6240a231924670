"""Why a pay line, or a tier, is what it is: from the amount through tier and score down to the card, in words."""

import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import format_money, format_number, format_percent, round_percent
from kpiapp.explain import Explanation, Source, Step
from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from kpiapp.templatetags.kpi import instant
from payroll import queries, seal
from payroll.choices import NoScore
from payroll.models import MemberPay, PayLine, PositionPay
from payroll.pay_rules import next_tier, pay_of
from scorecards.explain import explain_card
from scorecards.models import Scorecard
from scorecards.queries import visible_cards
from scorecards.scoring import Tier, tier_of


def explain_line(line: PayLine, *, reader: Member, on: datetime.date) -> Explanation:
    """Every step of a line as it was frozen; links lead on to what the reader may open."""
    run, words = line.run, _Words(line.organization.currency)
    card = None
    if line.inputs["card"]:
        cards = visible_cards(reader, on).select_related("period", "score")
        card = cards.filter(pk=line.inputs["card"]).first()
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
        Step(title=_("P1, position"), value=words.money(line.p1_amount), text=_p1_text(line)),
        Step(
            title=_("P2, person"),
            value=words.money(line.p2_amount),
            text=_("P1 %(p1)s × (%(coefficient)s − 1)")
            % {"p1": words.money(line.p1_amount), "coefficient": words.number(line.p2_coefficient)}
            + _since(line.inputs["p2_rate"]),
        ),
        _performance_step(line, words, reader),
        *_score_steps(line, words, card, reader, on),
    ]
    intro = _("Every step that led here, down to what was typed. Calculated %(at)s, run %(run)s.") % {
        "at": instant(run.calculated_at),
        "run": run.pk,
    }
    title = _("Why %(amount)s?") % {"amount": words.money(line.gross_amount)}
    return Explanation(title=title, intro=intro, steps=tuple(steps), lift=_lift(line, words))


def explain_tier(card: Scorecard, *, reader: Member) -> Explanation:
    """Why a card stands at its tier if the period ended now; the coefficient, and no amount."""
    words = _Words(card.organization.currency)
    table = queries.tier_table_on(card.period.last_day)
    percent = card.score.percent if hasattr(card, "score") else None
    score = Step(
        title=_("Score"),
        value=words.percent(percent),
        text=_("The score of the card as it stands now."),
        sources=_card_sources(card),
    )
    if table is None or percent is None:
        text = _("There is no score yet.") if table else _("No approved tier table is in force.")
        steps = (Step(title=_("Tier"), value="–", text=text), score)
        return Explanation(title=_("Why no tier?"), intro=_("If the period ended now."), steps=steps)
    tiers = queries.scoring_tiers(table)
    reached, following = tier_of(percent, tiers), next_tier(percent, tiers)
    lift = ""
    if following:
        lift = _("A score of %(percent)s reaches tier %(tier)s, × %(coefficient)s.") % {
            "percent": words.percent(following.at_least),
            "tier": following.name,
            "coefficient": words.number(following.coefficient),
        }
    return Explanation(
        title=_("Why tier %(tier)s?") % {"tier": reached.name},
        intro=_("If the period ended now."),
        steps=(_tier_step(percent, reached, tiers, words, table.name), score),
        lift=lift,
    )


class _Words:
    """Numbers as the reader's language writes them."""

    def __init__(self, currency: str):
        self.currency, self.language = currency, get_language() or "en"

    def money(self, amount: Decimal) -> str:
        return format_money(amount, self.currency, self.language)

    def number(self, value: Decimal) -> str:
        return format_number(value, self.language)

    def percent(self, value: Decimal | None) -> str:
        return "–" if value is None else format_percent(value, self.language)


def _performance_step(line: PayLine, words: _Words, reader: Member) -> Step:
    title = _("KPI pay (P3), %(period)s") % {"period": line.run.period.label}
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
    sources = ()
    if can(reader, Permission.PAY_RULES_READ):
        label = _("Pay rules: %(name)s") % {"name": line.run.tier_table.name}
        sources = (Source(label, reverse("payroll:tiers", args=[line.organization.slug])),)
    return Step(title=title, value=words.money(line.p3_amount), text=text, sources=sources)


def _score_steps(line: PayLine, words: _Words, card: Scorecard | None, reader: Member, on: datetime.date) -> list[Step]:
    """The tier and the score; for who may read the card, on through its lines down to what was typed."""
    if line.score_percent is None:
        return []
    tiers = seal.unpack_tiers(line.run.inputs["tiers"])
    reached = tier_of(line.score_percent, tiers)
    measured = words.percent(Decimal(line.inputs["measured_weight"]))
    text = _("Weighted mean of the KPIs measured, %(measured)s of the weight") % {"measured": measured}
    now = card.score.percent if card and hasattr(card, "score") else None
    if now is not None and round_percent(now) != line.score_percent:
        text += ". " + _("The card has changed since: it says %(now)s today.") % {"now": words.percent(now)}
    score = Step(
        title=_("Score"),
        value=words.percent(line.score_percent),
        text=text,
        sources=_card_sources(card) if card else (),
    )
    tier = _tier_step(line.score_percent, reached, tiers, words, line.run.tier_table.name)
    # Every line of the card with its way on to its entries.
    below = [step for step in explain_card(card, reader=reader, on=on).steps if step.sources] if card else []
    return [tier, score, *below]


def _tier_step(percent: Decimal, reached: Tier, tiers: list[Tier], words: _Words, table: str) -> Step:
    place = tiers.index(reached)
    above = tiers[place - 1].at_least if place else None
    values = {
        "score": words.percent(percent),
        "low": words.number(reached.at_least or Decimal(0)),
        "high": "" if above is None else words.number(above),
    }
    if reached.at_least is None:
        text = _("Score %(score)s is under %(high)s") % values
    elif above is None:
        text = _("Score %(score)s is at least %(low)s") % values
    else:
        text = _("Score %(score)s is at least %(low)s and under %(high)s") % values
    return Step(
        title=_("Tier %(tier)s") % {"tier": reached.name},
        value=f"× {words.number(reached.coefficient)}",
        text=f"{text} ({table})",
    )


def _card_sources(card: Scorecard) -> tuple[Source, ...]:
    label = _("How the score came about")
    return (Source(label, reverse("scorecards:explain_card", args=[card.organization.slug, card.pk])),)


def _p1_text(line: PayLine) -> str:
    if not line.inputs["p1_rate"]:
        return _("No amount is set for the position %(position)s.") % {"position": line.position_name}
    if line.inputs["p1_rate"].startswith("member:"):
        return _("Set for the person") + _since(line.inputs["p1_rate"])
    return _("Set for the position %(position)s") % {"position": line.position_name} + _since(line.inputs["p1_rate"])


def _since(rate: str) -> str:
    """From when the rate holds that a line names as "position:12" or "member:4"."""
    kind, _colon, pk = rate.partition(":")
    if not pk:
        return ""
    row = (PositionPay if kind == "position" else MemberPay).objects.filter(pk=pk).first()
    return ", " + _("since %(day)s") % {"day": date_format(row.valid_from, "DATE_FORMAT")} if row else ""


def _lift(line: PayLine, words: _Words) -> str:
    if line.score_percent is None or not line.p3_target_amount:
        return ""
    tiers = seal.unpack_tiers(line.run.inputs["tiers"])
    following = next_tier(line.score_percent, tiers)
    if following is None:
        return ""
    given = seal.pay_input({**line.inputs, "score_percent": str(following.at_least)})
    more = pay_of(given, tiers, line.run.inputs["currency"]).p3_amount - line.p3_amount
    return _("A score of %(percent)s reaches tier %(tier)s: +%(amount)s.") % {
        "percent": words.percent(following.at_least),
        "tier": following.name,
        "amount": words.money(more),
    }
