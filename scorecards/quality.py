"""The quality audit of cards: the facts of one or many cards, and what stands on their pages."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.tenancy import current_organization_id
from scorecards import queries
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


# What a rule may ask of a line, as text: cards whose texts are the same have the same findings.
_FACTS = """
WITH version AS (
    SELECT v.id, v.method, concat_ws(
        '|', coalesce(own.kind, lane.kind, ''), v.indicator, v."group", (v.owner_id IS NOT NULL)::int,
        (v.source <> '')::int, (v.objective_id IS NOT NULL)::int) AS facts
    FROM strategy_kpiversion v
    LEFT JOIN strategy_perspective own ON own.organization_id = v.organization_id AND own.id = v.perspective_id
    LEFT JOIN strategy_objective o ON o.organization_id = v.organization_id AND o.id = v.objective_id
    LEFT JOIN strategy_perspective lane ON lane.organization_id = o.organization_id AND lane.id = o.perspective_id
    WHERE v.organization_id = %(organization)s
)
SELECT l.scorecard_id, l.id, l.position, concat_ws(
    '|', l.weight, v.facts,
    (l.target IS NOT NULL OR coalesce(nullif(l.method, ''), v.method) <> ALL(%(needs_target)s))::int) AS facts
FROM scorecards_scorecardline l JOIN version v ON v.id = l.kpi_id
WHERE l.organization_id = %(organization)s AND l.is_scored
"""
# Row source (scorecard_id, is_persons, shape) of all cards of a period; a shape is the facts of a card's lines, in no
# order that would mean anything.
SHAPES = f"""
SELECT c.id AS scorecard_id, c.owner_kind = %(member)s AS is_persons, coalesce(s.shape, '') AS shape
FROM scorecards_scorecard c
LEFT JOIN (SELECT scorecard_id, string_agg(facts, ';') AS shape FROM ({_FACTS}) line GROUP BY scorecard_id) s
    ON s.scorecard_id = c.id
WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s
"""  # noqa: S608  (constants)


def fact_parameters() -> dict:
    """What SHAPES takes besides its period."""
    return {
        "organization": current_organization_id(),
        "member": str(OwnerKind.MEMBER),
        "needs_target": [str(method) for method in NEEDS_TARGET],
    }


def facts_of_shape(shape: str, is_persons: bool) -> CardFacts:
    """What a shape says; its KPIs are known by their places."""
    kpis = [_kpi(place, facts) for place, facts in enumerate(shape.split(";"))] if shape else []
    return CardFacts(kpis, is_persons)


def _kpi(key: int, facts: str) -> KpiFacts:
    weight, lane, indicator, group, *said = facts.split("|")
    return KpiFacts(key, Decimal(weight), lane, indicator, group, *(flag == "1" for flag in said))


def card_facts(card: Scorecard) -> CardFacts:
    """The facts of one card, its KPIs known by their lines."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_FACTS} AND l.scorecard_id = %(card)s ORDER BY 3, 2", fact_parameters() | {"card": card.pk})
        kpis = [_kpi(line_id, facts) for _card, line_id, _position, facts in cursor.fetchall()]
    return CardFacts(kpis, card.owner_kind == OwnerKind.MEMBER)


def card_panel(card: Scorecard, reader: Member, on: datetime.date) -> Panel:
    """The audit of one card with the names of its KPIs, as far as a reader may know of them."""
    audit = audit_card(card_facts(card))
    lines = ScorecardLine.objects.filter(scorecard=card).annotate(is_hidden=queries.is_hidden_from(reader, on))
    names = {
        pk: _("Confidential KPI") if is_hidden else name
        for pk, name, is_hidden in lines.values_list("pk", "kpi__name", "is_hidden")
    }
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
