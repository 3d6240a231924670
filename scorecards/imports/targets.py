"""Targets of a whole year from a file: one row for an owner and a KPI, a column for every month."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import PeriodKind, RowOutcome
from kpiapp.models import Period
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import Row, Run
from kpiapp.services.periods import fiscal_year_start
from scorecards.imports.assignments import Known, LineImport, lines_within_reach, owner_code
from scorecards.imports.owners import KPI, OWNER
from strategy.imports.months import MONTH_COLUMNS, YEAR, month_field

WEIGHT = ImportField(
    "weight",
    gettext_lazy("Weight"),
    kind=FieldKind.DECIMAL,
    synonyms=("weight %", "trọng số", "tỷ trọng"),
    help=gettext_lazy("100 is the whole card. Empty: it stays as it is."),
    example="40",
)
BASELINE = ImportField(
    "baseline",
    gettext_lazy("Baseline"),
    kind=FieldKind.DECIMAL,
    synonyms=("start value", "giá trị gốc", "mức nền"),
    example="60",
)


@dataclass
class KnownYear(Known):
    """And the months there are, by fiscal year and calendar month."""

    months: dict[tuple[int, int], Period] | None = None


class TargetImport(LineImport):
    """Known by owner, KPI and year. A month that is left empty stays as it is."""

    kind = "targets"
    label = gettext_lazy("Targets of a year")
    help = gettext_lazy("One row for a person and a KPI, one column for every month.")
    icon = "calendar"
    order = 45
    has_current = True
    fields = (OWNER, KPI, YEAR, WEIGHT, BASELINE, *MONTH_COLUMNS)

    def key(self, row: Row) -> tuple:
        """Owner, KPI and year, as written."""
        return row.values["owner"], row.values["kpi"], row.values["year"]

    def prepare(self, rows: Sequence[Row], run: Run) -> KnownYear:
        """What lines need, and the months by their fiscal year."""
        known = super().prepare(rows, run)
        start = run.organization.fiscal_year_start_month
        months = {
            (fiscal_year_start(period.starts_on, start).year, period.starts_on.month): period
            for period in known.owners.periods.values()
            if period.kind == PeriodKind.MONTH
        }
        return KnownYear(**vars(known), months=months)

    def current(self, run: Run) -> Iterator[dict[str, Any]]:
        """Monthly lines from this fiscal year on, a row for an owner, a KPI, a year, and a weight and baseline."""
        start = run.organization.fiscal_year_start_month
        first = fiscal_year_start(run.on, start)
        months = lines_within_reach(run).filter(
            scorecard__period__kind=PeriodKind.MONTH, scorecard__period__starts_on__gte=first
        )
        rows: dict[tuple, dict[str, Any]] = {}
        for line in months:
            period, owner, kpi = line.scorecard.period, owner_code(line.scorecard), line.kpi.definition.code
            year = fiscal_year_start(period.starts_on, start).year
            row = rows.setdefault((owner, kpi, year), {"owner": owner, "kpi": kpi, "year": year})
            row[month_field(period.starts_on.month)] = line.target
            for name in ("weight", "baseline"):
                # What differs from month to month has no cell here: left empty, it stays as it is.
                value = getattr(line, name)
                row[name] = value if row.setdefault(name, value) == value else None
        yield from rows.values()

    def plan(self, row: Row, known: KnownYear) -> str:
        """Every month that is filled in, compared with its line."""
        owner = known.owners.owner(row.values["owner"])
        definition = known.owners.kpi(row.values["kpi"])
        numbers = {name: row.values.get(name) for name in ("weight", "baseline")}
        plans = []
        for number in range(1, 13):
            target = row.values.get(month_field(number))
            if target is None:
                continue
            period = known.months.get((int(row.values["year"]), number))
            if period is None:
                raise RowRefused(
                    _("There is no month %(month)s in %(year)s here. Ask HR to open that year.")
                    % {"month": number, "year": row.values["year"]}
                )
            plans.append(self.plan_line(row, known, owner, definition, period, {**numbers, "target": target}))
        if not plans:
            raise RowRefused(_("No month is filled in. Write at least one target."))
        row.plan = plans
        if all(plan.is_same for plan in plans):
            return RowOutcome.SAME
        return RowOutcome.UPDATE if any(plan.line for plan in plans) else RowOutcome.CREATE
