"""The quality audit of a whole company, written down every night for its running periods."""

import datetime

from django.db import transaction

from kpiapp.choices import PeriodState
from kpiapp.models import Department, Employment, Organization, Period
from scorecards import quality
from scorecards.choices import OwnerKind
from scorecards.models import QualityFinding, Scorecard
from strategy.choices import MapState
from strategy.models import StrategyMap
from strategy.quality.facts import map_facts
from strategy.quality.rules import Finding, Severity, audit_card, audit_map
from strategy.smarter.night_checks import findings_of_kpis

BATCH = 1000
FIELDS = ("scorecard_id", "department_id", "map_id", "kpi_id")


def audit_in_the_night(organization: Organization, job, on: datetime.date) -> None:
    """A step of the night: the audit of every period that runs."""
    for period in Period.objects.filter(state=PeriodState.OPEN, starts_on__lte=on, ends_on__gt=on):
        if Scorecard.objects.filter(period=period).exists():
            refresh_findings(period=period, on=on)


@transaction.atomic
def refresh_findings(*, period: Period, on: datetime.date) -> int:
    """Bring the findings of a period up to date, touching only what changed; how many there are."""
    wanted = {_key(row): row for row in _findings(period, on)}
    stored = {_key(row): row for row in QualityFinding.objects.filter(period=period).select_for_update()}
    gone = [row.pk for key, row in stored.items() if key not in wanted]
    QualityFinding.objects.filter(pk__in=gone).delete()
    changed = []
    for key, row in stored.items():
        new = wanted.pop(key, None)
        if new is not None and (row.numbers, row.severity) != (new.numbers, new.severity):
            row.numbers, row.severity = new.numbers, new.severity
            changed.append(row)
    QualityFinding.objects.bulk_update(changed, ["numbers", "severity"], batch_size=BATCH)
    QualityFinding.objects.bulk_create(wanted.values(), batch_size=BATCH)
    return len(stored) - len(gone) + len(wanted)


def _key(row: QualityFinding) -> tuple:
    return (row.code, *(getattr(row, name) for name in FIELDS))


def _findings(period: Period, on: datetime.date) -> list[QualityFinding]:
    cards = list(Scorecard.objects.filter(period=period))
    facts = quality.card_facts(cards)
    rows = [
        _row(period, finding, scorecard_id=card.pk) for card in cards for finding in audit_card(facts[card.pk]).findings
    ]
    chart = StrategyMap.objects.filter(state=MapState.PUBLISHED).first()
    if chart is not None:
        rows += [_row(period, finding, map_id=chart.pk) for finding in audit_map(map_facts(chart)).findings]
    rows += [_row(period, Finding("unused", Severity.LOW), kpi_id=kpi.pk) for kpi in quality.unused_kpis()]
    rows += [_row(period, finding, kpi_id=kpi) for kpi, finding in findings_of_kpis(on)]
    return rows + _departments_without_card(period, cards, on)


def _departments_without_card(period: Period, cards: list[Scorecard], on: datetime.date) -> list[QualityFinding]:
    """Departments with people and without a card, in a company that gives cards to departments."""
    have = {card.department_id for card in cards if card.owner_kind == OwnerKind.DEPARTMENT}
    if not have:
        return []
    peopled = Employment.objects.on(min(on, period.last_day)).filter(member__is_active=True).values("department")
    units = Department.objects.filter(is_active=True, parent__isnull=False, pk__in=peopled).exclude(pk__in=have)
    return [_row(period, Finding("no_card", Severity.MEDIUM), department_id=unit.pk) for unit in units]


def _row(period: Period, finding: Finding, **target) -> QualityFinding:
    return QualityFinding(
        period=period, code=finding.code, severity=finding.severity.value, numbers=finding.numbers, **target
    )
