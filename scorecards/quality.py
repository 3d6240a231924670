"""The quality audit of cards: the facts of one or many cards, and what stands on their pages."""

import datetime
import hashlib
import inspect
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.tenancy import current_organization_id
from scorecards import queries
from scorecards.choices import OwnerKind
from scorecards.line_rules import NEEDS_TARGET
from scorecards.models import Scorecard, ScorecardLine
from strategy.choices import KpiState
from strategy.models import KpiDefinition, KpiVersion, Objective, Perspective, StrategyMap
from strategy.quality import rules
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


_VERSIONS = """
SELECT v.id, v.method, concat_ws(
    '|', coalesce(own.kind, lane.kind, ''), v.indicator, v."group", (v.owner_id IS NOT NULL)::int,
    (v.source <> '')::int, (v.objective_id IS NOT NULL)::int) AS facts
FROM strategy_kpiversion v
LEFT JOIN strategy_perspective own ON own.organization_id = v.organization_id AND own.id = v.perspective_id
LEFT JOIN strategy_objective o ON o.organization_id = v.organization_id AND o.id = v.objective_id
LEFT JOIN strategy_perspective lane ON lane.organization_id = o.organization_id AND lane.id = o.perspective_id
WHERE v.organization_id = %(organization)s
"""
_HAS_TARGET = "(l.target IS NOT NULL OR coalesce(nullif(l.method, ''), v.method) <> ALL(%(needs_target)s))::int"
# What a rule may ask of a line, as text: cards whose texts are the same have the same findings.
_FACTS = f"""
SELECT l.scorecard_id, l.id, l.position, concat_ws('|', l.weight, v.facts, {_HAS_TARGET}) AS facts
FROM scorecards_scorecardline l JOIN ({_VERSIONS}) v ON v.id = l.kpi_id
WHERE l.organization_id = %(organization)s AND l.is_scored
"""  # noqa: S608  (constants)
_HASHES = f"SELECT id, method, hashtextextended(facts, %(rules)s) FROM ({_VERSIONS}) v"  # noqa: S608  (constants)
_TOUCHED = "(%(touched)s::bigint[] IS NULL OR {} = ANY(%(touched)s::bigint[]))"
# Row source (scorecard_id, fingerprint) of cards of a period, all or the touched, whose lines are not what they were
# last judged by. The same facts as numbers, with the rules themselves among them: texts are slow to make.
CHANGED = f"""
WITH line AS (
    SELECT l.scorecard_id, sum(hash_numeric_extended(l.weight, v.hash # {_HAS_TARGET})) AS total
    FROM scorecards_scorecardline l
    JOIN unnest(%(versions)s::bigint[], %(methods)s::text[], %(hashes)s::bigint[]) v (id, method, hash)
        ON v.id = l.kpi_id
    WHERE l.organization_id = %(organization)s AND l.is_scored AND {_TOUCHED.format("l.scorecard_id")}
    GROUP BY l.scorecard_id
), card AS (
    SELECT c.id AS scorecard_id, (coalesce(line.total, %(rules)s) %% 9223372036854775807)::bigint AS fingerprint
    FROM scorecards_scorecard c LEFT JOIN line ON line.scorecard_id = c.id
    WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s AND {_TOUCHED.format("c.id")}
)
SELECT card.scorecard_id, card.fingerprint FROM card
LEFT JOIN scorecards_cardaudit a ON a.organization_id = %(organization)s AND a.scorecard_id = card.scorecard_id
WHERE a.fingerprint IS DISTINCT FROM card.fingerprint
"""  # noqa: S608  (constants)
# Row source (scorecard_id, is_persons, shape) of those cards; a shape is the facts of a card's lines, in no order that
# would mean anything.
SHAPES = f"""
SELECT c.id AS scorecard_id, c.owner_kind = %(member)s AS is_persons, coalesce(s.shape, '') AS shape
FROM changed_card n JOIN scorecards_scorecard c ON c.organization_id = %(organization)s AND c.id = n.scorecard_id
LEFT JOIN (SELECT scorecard_id, string_agg(facts, ';') AS shape FROM changed_card
           JOIN ({_FACTS}) line USING (scorecard_id) GROUP BY scorecard_id) s
    ON s.scorecard_id = c.id
"""  # noqa: S608  (constants)
_RULES = zlib.crc32(inspect.getsource(rules).encode())


def fact_parameters() -> dict:
    """What CHANGED and SHAPES take besides a period, hashed versions and touched cards."""
    return {
        "rules": _RULES,
        "organization": current_organization_id(),
        "member": str(OwnerKind.MEMBER),
        "needs_target": [str(method) for method in NEEDS_TARGET],
    }


def hashed_versions(parameters: dict) -> dict:
    """What CHANGED takes of KPI versions."""
    with connection.cursor() as cursor:
        cursor.execute(_HASHES, parameters)
        rows = cursor.fetchall()
    return {name: [row[place] for row in rows] for place, name in enumerate(("versions", "methods", "hashes"))}


def digest_of(parameters: dict) -> str:
    """All that cards are judged by besides their own lines: rules, versions, and how a fingerprint is made of them."""
    versions = sorted(zip(parameters["versions"], parameters["methods"], parameters["hashes"], strict=True))
    judged_by = (CHANGED, parameters["rules"], sorted(parameters["needs_target"]), versions)
    return hashlib.sha256(repr(judged_by).encode()).hexdigest()


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
    # Version by version: the lines of one are found by index, all together would be read from end to end.
    stands = Exists(ScorecardLine.objects.filter(kpi=OuterRef("pk")))
    used = KpiVersion.objects.alias(stands=stands).filter(stands=True, definition=OuterRef("pk"))
    return KpiDefinition.objects.filter(~Exists(used), is_active=True, state=KpiState.ACTIVE)
