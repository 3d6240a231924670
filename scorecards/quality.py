"""The quality audit of cards: the facts of one or many cards, and what stands on their pages."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Coalesce

from scorecards.choices import OwnerKind
from scorecards.line_rules import NEEDS_TARGET
from scorecards.models import Scorecard, ScorecardLine
from strategy.choices import KpiState
from strategy.models import KpiDefinition, Objective, Perspective, StrategyMap
from strategy.quality.facts import map_facts
from strategy.quality.rules import Audit, CardFacts, Finding, KpiFacts, audit_card, audit_map
from strategy.quality.words import words_of

NAMES_SHOWN = 5


@dataclass(frozen=True)
class Shown:
    """A finding in words, with the names of what it is about."""

    severity: str
    what: str
    why: str
    names: list[str]
    more: int


@dataclass(frozen=True)
class Panel:
    """What an audit says on a page: how many of the rules hold, and the ones that do not."""

    held: int
    judged: int
    findings: list[Shown]


def card_facts(cards: Iterable[Scorecard]) -> dict[int, CardFacts]:
    """The facts of many cards, read with one query."""
    cards = list(cards)
    kpis: dict[int, list[KpiFacts]] = defaultdict(list)
    lines = ScorecardLine.objects.filter(scorecard__in=[card.pk for card in cards], is_scored=True)
    rows = lines.order_by("scorecard_id", "position", "pk").values_list(
        "scorecard_id",
        "pk",
        "weight",
        Coalesce("kpi__perspective__kind", "kpi__objective__perspective__kind"),
        "kpi__indicator",
        "kpi__group",
        "kpi__owner_id",
        "kpi__source",
        "kpi__objective_id",
        "target",
        "method",
        F("kpi__method"),
    )
    needs = {method.value for method in NEEDS_TARGET}
    for card_id, pk, weight, lane, indicator, group, owner, source, objective, target, own_method, method in rows:
        kpis[card_id].append(
            KpiFacts(
                key=pk,
                weight=weight,
                perspective=lane or "",
                indicator=indicator,
                group=group,
                has_owner=owner is not None,
                has_source=bool(source),
                has_objective=objective is not None,
                has_target=target is not None or (own_method or method) not in needs,
            )
        )
    return {card.pk: CardFacts(kpis[card.pk], card.owner_kind == OwnerKind.MEMBER) for card in cards}


def card_panel(card: Scorecard) -> Panel:
    """The audit of one card with the names of its KPIs."""
    audit = audit_card(card_facts([card])[card.pk])
    names = dict(ScorecardLine.objects.filter(scorecard=card).values_list("pk", "kpi__name"))
    return _panel(audit, {finding.code: names for finding in audit.findings})


def map_panel(chart: StrategyMap) -> Panel:
    """The audit of a map with the names of its objectives and perspectives."""
    facts = map_facts(chart)
    audit = audit_map(facts)
    aims = dict(Objective.objects.filter(map=chart).values_list("pk", "name"))
    lanes = {lane.pk: lane.label for lane in Perspective.objects.filter(pk__in=facts.perspectives)}
    return _panel(audit, {finding.code: lanes if finding.code == "empty_lane" else aims for finding in audit.findings})


def _panel(audit: Audit, names: dict[str, dict[int, str]]) -> Panel:
    return Panel(audit.held, audit.judged, [_shown(finding, names[finding.code]) for finding in audit.findings])


def _shown(finding: Finding, names: dict[int, str]) -> Shown:
    what, why = words_of(finding)
    about = [names[key] for key in finding.about if key in names]
    return Shown(finding.severity.value, what, why, about[:NAMES_SHOWN], max(0, len(about) - NAMES_SHOWN))


def unused_kpis() -> Iterable[KpiDefinition]:
    """KPIs in use by nobody: active, and on no card at all."""
    used = ScorecardLine.objects.values("kpi__definition")
    return KpiDefinition.objects.filter(is_active=True, state=KpiState.ACTIVE).exclude(pk__in=used)
