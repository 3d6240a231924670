"""Plans from a file: a KPI's target of a year and its months, for everybody or for one person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.models import Member
from kpiapp.permissions import Permission
from kpiapp.queries import visible_members
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run
from kpiapp.services.refusals import Refused
from strategy import plans, queries
from strategy.choices import TargetShape
from strategy.imports.months import MONTH_COLUMNS, YEAR, month_field
from strategy.models import KpiDefinition, KpiPlan
from strategy.services.plan_rows import PlanReader, PlanRow, rows_of
from strategy.services.plans import PlanRefused, bring_back, drop_plan


@dataclass
class Known:
    """The reader of rows, and the calendar month a fiscal year starts in."""

    reader: PlanReader
    start_month: int


class PlanImport(ImportHandler):
    """Known by KPI, person and year. Months that are left empty follow from the year's target."""

    kind = "plans"
    label = gettext_lazy("Plans of a year")
    help = gettext_lazy("What new cards take as their target: one row for a KPI, or for a KPI and a person.")
    icon = "calendar-check"
    order = 37
    permission = Permission.KPI_PLAN
    has_current = True
    fields = (
        ImportField(
            "kpi",
            "KPI",
            kind=FieldKind.CODE,
            required=True,
            max_length=40,
            synonyms=("kpi code", "mã kpi", "chỉ tiêu", "mã chỉ tiêu"),
            help=gettext_lazy("Its code."),
            example="KPI-001",
        ),
        ImportField(
            "person",
            gettext_lazy("Person"),
            kind=FieldKind.CODE,
            max_length=60,
            synonyms=("employee code", "employee", "mã nhân viên", "mã nv", "owner"),
            help=gettext_lazy("Whose own plan it is. Empty: the plan for everybody."),
            example="NV012",
        ),
        YEAR,
        ImportField(
            "total",
            gettext_lazy("Target of the year"),
            kind=FieldKind.DECIMAL,
            synonyms=("total", "cả năm", "chỉ tiêu năm", "tổng"),
            help=gettext_lazy("Empty: what the twelve months come to."),
            example="1200",
        ),
        ImportField(
            "shape",
            gettext_lazy("Shape of the year"),
            kind=FieldKind.CHOICE,
            choices=dict(TargetShape.choices),
            synonyms=("shape", "cách chia"),
            help=gettext_lazy("By which months that are left empty share what is left of the year."),
        ),
        *MONTH_COLUMNS,
    )

    def key(self, row: Row) -> tuple:
        """KPI, person and year."""
        return row.values["kpi"], row.values.get("person"), row.values["year"]

    def prepare(self, rows: Sequence[Row], run: Run) -> Known:
        """KPIs, people and plans: a fixed number of queries."""
        start_month = run.organization.fiscal_year_start_month
        named = [PlanRow(row.values["kpi"], 0, row.values.get("person") or "") for row in rows]
        return Known(PlanReader(named, organization=run.organization, by=run.by, on=run.on), start_month)

    def plan(self, row: Row, known: Known) -> str:
        """The months of the row, or why they cannot hold."""
        values = row.values
        months = {
            (number - known.start_month) % len(MONTH_COLUMNS): values[month_field(number)]
            for number in range(1, len(MONTH_COLUMNS) + 1)
            if values.get(month_field(number)) is not None
        }
        try:
            row.plan = known.reader.read(
                PlanRow(
                    kpi=values["kpi"],
                    person=values.get("person") or "",
                    year=int(values["year"]),
                    total=values.get("total"),
                    shape=values.get("shape") or "",
                    months=months,
                )
            )
        except PlanRefused as refused:
            raise RowRefused(str(refused)) from refused
        return row.plan.outcome

    def apply(self, rows: Sequence[Row], known: Known, run: Run) -> None:
        """Row by row through the service of the browser, each with its own event in the audit trail."""
        for done, row in enumerate(rows, 1):
            before = row.plan.before
            kept = row.plan.keep(by=run.by)
            row.undo = {"plan": kept.pk, "before": before.pk if before else None}
            run.report(done, len(rows))

    def current(self, run: Run) -> Iterator[dict[str, Any]]:
        """The plans of this fiscal year and the next that the member may change."""
        definitions, people = KpiDefinition.objects.all(), Member.objects.all()
        if run.by is not None:
            definitions = queries.plannable_kpis(run.by, run.on)
            people = visible_members(run.by, self.permission, run.on)
        start_month = run.organization.fiscal_year_start_month
        years = plans.plannable_years(run.on, start_month)
        kept = plans.newest_plans(definitions.filter(is_active=True).values_list("pk", flat=True), years)
        reach = set(people.values_list("pk", flat=True))
        shown = [plan for plan in kept if plan.member_id is None or plan.member_id in reach]
        for row in rows_of(sorted(shown, key=lambda plan: (plan.definition.sort_key, plan.starts_on, plan.pk))):
            months = {
                month_field((place + start_month - 1) % len(MONTH_COLUMNS) + 1): target
                for place, target in row.months.items()
            }
            named = {"kpi": row.kpi, "person": row.person, "year": row.year, "total": row.total}
            yield {**named, "shape": row.shape, **months}

    def undo(self, rows, run: Run) -> None:
        """Former versions hold again, new plans are taken back. Raises Refused when one was changed since."""
        for row in rows:
            kept = KpiPlan.objects.select_related("definition", "member").get(pk=row.undo["plan"])
            newest = plans.plan_of(kept.definition_id, kept.starts_on, kept.member)
            if newest is None or newest.pk != kept.pk:
                raise Refused(
                    _("The plan of “%(name)s” was changed since, so this import cannot be taken back.")
                    % {"name": kept.definition.name}
                )
            if row.undo["before"] is None:
                drop_plan(definition=kept.definition, starts_on=kept.starts_on, member=kept.member, by=run.by)
            else:
                bring_back(plan=KpiPlan.objects.get(pk=row.undo["before"]), by=run.by)
