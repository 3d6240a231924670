"""KPIs from a file: definitions by code. An edit is a new version, as in the browser; taking it back is, too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import PeriodKind, RowOutcome, Scope
from kpiapp.decimals import EXACT, HUNDRED
from kpiapp.formulas import MAX_TEXT
from kpiapp.models import Department, Member
from kpiapp.permissions import Permission, scope_of
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run
from kpiapp.services.refusals import Refused
from strategy import queries
from strategy.choices import Aggregation, Direction, Group, PartAggregation, ScoringMethod, TargetAggregation
from strategy.imports.kpi_formulas import read_formula
from strategy.kpis.formula_texts import Coming, shown_formula, style_of_reader
from strategy.models import KpiDefinition, KpiVersion, Objective
from strategy.services import kpis
from strategy.visibility import visible_kpis

LONG = 2_000
# Columns in percent, kept as fractions.
PERCENTS = {"cap_percent": "cap", "floor_percent": "floor"}
# Columns that are fields of a version under their own names.
PLAIN = (
    "name",
    "description",
    "why",
    "source",
    "unit",
    "direction",
    "method",
    "aggregation",
    "numerator_label",
    "numerator_agg",
    "denominator_label",
    "denominator_agg",
    "factor",
    "target_aggregation",
    "frequency",
    "group",
    "baseline",
    "target",
)


def _text(name: str, label: Any, *synonyms: str, **options: Any) -> ImportField:
    return ImportField(name, label, synonyms=synonyms, **options)


def _code(name: str, label: Any, *synonyms: str, **options: Any) -> ImportField:
    return ImportField(name, label, kind=FieldKind.CODE, synonyms=synonyms, **options)


def _number(name: str, label: Any, *synonyms: str, **options: Any) -> ImportField:
    return ImportField(name, label, kind=FieldKind.DECIMAL, synonyms=synonyms, **options)


def _choice(name: str, label: Any, vocabulary: Any, *synonyms: str, **options: Any) -> ImportField:
    choices = dict(vocabulary.choices)
    return ImportField(name, label, kind=FieldKind.CHOICE, choices=choices, synonyms=synonyms, **options)


@dataclass
class Known:
    """What rows refer to, by code; only KPIs and departments the importing member may define KPIs for."""

    definitions: dict[str, KpiDefinition]
    editable: set[int]
    departments: dict[str, Department]
    people: dict[str, Member]
    objectives: dict[str, Objective]
    whole_company: bool
    home: Department | None
    run: Run
    # What rows above will have made of KPIs, for formulas below them.
    coming: Coming = field(default_factory=Coming)


@dataclass
class Plan:
    """The KPI of a row, and the fields of its next version.

    `formula` is one that names KPIs of rows above it, as it is typed: it is read again once they are saved.
    """

    definition: KpiDefinition | None
    fields: dict[str, Any]
    department: Department | None
    formula: str = ""


class KpiImport(ImportHandler):
    """Known by code. An empty cell leaves what is there; parameters of a method are set in the browser."""

    kind = "kpis"
    label = gettext_lazy("KPI definitions")
    help = gettext_lazy("What is measured, in which unit, which way is good, how it adds up.")
    icon = "library"
    order = 35
    permission = Permission.KPI_EDIT
    has_current = True
    fields = (
        _code(
            "code", gettext_lazy("Code"), "kpi code", "mã kpi", "mã", required=True, max_length=40, example="KPI-001"
        ),
        _text(
            "name", gettext_lazy("What is measured"), "name", "kpi", "kpi name", "tên kpi", "tên", example="Doanh thu"
        ),
        _text("description", gettext_lazy("How it is measured"), "description", "cách đo", "mô tả", max_length=LONG),
        _text("why", gettext_lazy("Why it matters"), "why", "vì sao quan trọng", max_length=LONG),
        _text("source", gettext_lazy("Where the numbers come from"), "source", "nguồn số liệu"),
        _code("owner", gettext_lazy("Who is responsible"), "owner", "owner code", "người phụ trách", example="NV012"),
        _code("department", gettext_lazy("Department"), "department code", "mã phòng ban", "phòng ban", example="SAL"),
        _code(
            "objective", gettext_lazy("Objective it serves"), "objective", "objective code", "mục tiêu", example="F1"
        ),
        _text("unit", gettext_lazy("Unit"), "đơn vị", max_length=40, example="triệu đồng"),
        _number("decimals", gettext_lazy("Decimal places"), "decimals", "số lẻ"),
        _choice("direction", gettext_lazy("Direction"), Direction, "chiều", "hướng"),
        _choice("method", gettext_lazy("Scoring method"), ScoringMethod, "method", "phương pháp chấm điểm"),
        _choice("aggregation", gettext_lazy("Over the year"), Aggregation, "aggregation", "cách tổng hợp"),
        _text(
            "formula",
            gettext_lazy("Formula"),
            "formula",
            "công thức",
            max_length=MAX_TEXT,
            help=gettext_lazy("Codes of KPIs in square brackets; those of the same file stand above it."),
            example="percent([SAL-06], [LEADS])",
        ),
        _text("numerator_label", gettext_lazy("What is divided"), "numerator", "tử số"),
        _choice("numerator_agg", gettext_lazy("Numerator over time"), PartAggregation),
        _text("denominator_label", gettext_lazy("Divided by"), "denominator", "mẫu số"),
        _choice("denominator_agg", gettext_lazy("Denominator over time"), PartAggregation),
        _number("factor", gettext_lazy("Times"), "factor", "nhân với"),
        _choice("target_aggregation", gettext_lazy("Target of a longer period"), TargetAggregation),
        _choice("frequency", gettext_lazy("How often"), PeriodKind, "frequency", "tần suất"),
        _choice("group", gettext_lazy("Group"), Group, "nhóm"),
        _number("cap_percent", gettext_lazy("Cap, %"), "cap", "mức trần"),
        _number("floor_percent", gettext_lazy("Floor, %"), "floor", "mức sàn"),
        _number("baseline", gettext_lazy("Baseline"), "mức nền", example="60"),
        _number("target", gettext_lazy("Target"), "chỉ tiêu", example="100"),
    )

    def key(self, row: Row) -> str:
        """Its code."""
        return row.values["code"]

    def prepare(self, rows: Sequence[Row], run: Run) -> Known:
        """KPIs, departments, people and objectives: a fixed number of queries."""
        owners = {row.values["owner"] for row in rows if "owner" in row.values}
        everything = run.by is None or scope_of(run.by, self.permission) == Scope.ALL
        definitions = KpiDefinition.objects.select_related("current__perspective", "current__objective", "department")
        editable, departments, home = None, Department.objects.filter(is_active=True), None
        if run.by is not None and not everything:
            editable = set(queries.editable_kpis(run.by, run.on).values_list("pk", flat=True))
            departments = queries.editable_departments(run.by, run.on)
            home = queries.home_department(run.by, run.on)
        found = {definition.code: definition for definition in definitions}
        objectives = Objective.objects.select_related("perspective", "map").order_by("map__published_at", "pk")
        return Known(
            definitions=found,
            editable=editable if editable is not None else {definition.pk for definition in found.values()},
            departments={department.code: department for department in departments},
            people={person.code: person for person in Member.objects.filter(code__in=owners, is_active=True)},
            objectives={objective.code: objective for objective in objectives if objective.map.state == "published"},
            whole_company=everything,
            home=home,
            run=run,
        )

    def plan(self, row: Row, known: Known) -> str:
        """Compare with the version that holds; a KPI out of reach cannot be told from one that may not be changed."""
        definition = known.definitions.get(row.values["code"])
        if definition is not None and definition.pk not in known.editable:
            raise RowRefused(
                _("“%(code)s” belongs to a department you define no KPIs for.") % {"code": definition.code}
            )
        department = self._department(row, definition, known)
        fields = self._fields(row, definition, known)
        if definition is None and not fields.get("name"):
            raise RowRefused(
                _("Column “%(title)s” is empty: a new KPI needs a name.") % {"title": _("What is measured")}
            )
        row.plan = Plan(definition, fields, department)
        parts = self._read_formula(row, known)
        # A formula that names rows above was read with them; they are not there yet to be read again.
        judged = fields if not row.plan.formula else {**fields, "aggregation": Aggregation.LAST, "formula": ""}
        try:
            complete = kpis.complete_fields(judged)
            kpis.refuse_problems(complete, given=judged, definition=definition)
        except kpis.KpiRefused as refused:
            raise RowRefused(str(refused)) from refused
        self._will_be(row, complete, parts, known)
        if row.plan.formula:
            return RowOutcome.CREATE if definition is None else RowOutcome.UPDATE
        if definition is None:
            return RowOutcome.CREATE
        same = all(getattr(definition.current, name) == value for name, value in complete.items())
        return RowOutcome.SAME if same and definition.department == department else RowOutcome.UPDATE

    def _read_formula(self, row: Row, known: Known) -> list[int]:
        """Bring the formula of a row into the form it is kept in; the ids of the KPIs it names."""
        plan, typed = row.plan, row.values.get("formula", "")
        if not typed:
            return []
        if row.values.get("aggregation", Aggregation.FORMULA) != Aggregation.FORMULA:
            raise RowRefused(
                _("There is a formula, but “%(title)s” says something else. Leave it empty, or write “%(choice)s”.")
                % {"title": _("Over the year"), "choice": Aggregation.FORMULA.label}
            )
        plan.fields["aggregation"] = Aggregation.FORMULA
        reading = read_formula(typed, plan.fields, plan.definition, known.coming, known.run)
        plan.fields["formula"] = reading.formula
        if min(reading.operands, default=0) < 0:
            plan.formula = typed
        return list(reading.operands)

    def _will_be(self, row: Row, complete: dict[str, Any], parts: list[int], known: Known) -> None:
        """Let formulas of rows below name the KPI of this one as it comes."""
        code, kept = row.values["code"], row.plan.definition
        kpi = KpiDefinition(pk=kept.pk if kept else -1 - len(known.coming.kpis), code=code, name=complete["name"])
        kpi.current = KpiVersion(
            **complete | {"aggregation": row.plan.fields.get("aggregation", complete["aggregation"])}
        )
        known.coming.add(kpi, parts)

    def _department(self, row: Row, definition: KpiDefinition | None, known: Known) -> Department | None:
        code = row.values.get("department")
        if code is None:
            return definition.department if definition else known.home
        if code not in known.departments:
            raise RowRefused(
                _("There is no department “%(code)s” for which you may define KPIs. Correct the code.") % {"code": code}
            )
        return known.departments[code]

    def _fields(self, row: Row, definition: KpiDefinition | None, known: Known) -> dict[str, Any]:
        """Fields of the next version: what the file says, over what holds."""
        values = row.values
        fields = kpis.fields_of(definition.current) if definition and definition.current else {}
        fields |= {name: values[name] for name in PLAIN if name in values}
        fields |= {field: EXACT.divide(values[name], HUNDRED) for name, field in PERCENTS.items() if name in values}
        if "decimals" in values:
            fields["decimals"] = _places(values["decimals"])
        if "owner" in values:
            fields["owner"] = _found(known.people, values["owner"], _("There is no person with the code “%(code)s”."))
        if "objective" in values:
            sentence = _("There is no objective “%(code)s” on the published map.")
            fields["objective"] = _found(known.objectives, values["objective"], sentence)
        if definition and fields["direction"] != definition.current.direction and "method" not in values:
            # Another direction needs another method: its usual one.
            fields["method"] = ""
        if definition and fields["method"] != definition.current.method:
            fields["params"] = {}
        return fields

    def apply(self, rows: Sequence[Row], known: Known, run: Run) -> None:
        """Row by row through the services of the browser, each with its own event in the audit trail."""
        for done, row in enumerate(rows, 1):
            plan = row.plan
            if plan.formula:
                reading = read_formula(plan.formula, plan.fields, plan.definition, Coming(), run)
                plan.fields["formula"] = reading.formula
            if plan.definition is None:
                made = kpis.create_kpi(
                    fields=plan.fields, by=run.by, department=plan.department, code=row.values["code"]
                )
                row.undo = {"definition": made.pk, "version": None, "now": made.current_id}
            else:
                before, department = plan.definition.current_id, plan.definition.department_id
                kpis.revise_kpi(
                    definition=plan.definition,
                    fields=plan.fields,
                    by=run.by,
                    department=plan.department,
                    reason=_("Import"),
                )
                now = KpiDefinition.objects.values_list("current_id", flat=True).get(pk=plan.definition.pk)
                row.undo = {"definition": plan.definition.pk, "version": before, "department": department, "now": now}
            run.report(done, len(rows))

    def current(self, run: Run) -> Iterator[dict[str, Any]]:
        """KPIs in use that the member may define, by name."""
        known = visible_kpis(run.by, run.on).values("pk")
        mine = queries.editable_kpis(run.by, run.on).filter(pk__in=known, is_active=True, current__isnull=False)
        related = mine.select_related("current__owner", "current__objective", "department")
        related = related.prefetch_related("current__operands__operand")
        for definition in related.order_by("sort_key"):
            version = definition.current
            row = {name: getattr(version, name) for name in (*PLAIN, "decimals")}
            row |= {name: EXACT.multiply(getattr(version, field), HUNDRED) for name, field in PERCENTS.items()}
            row["code"] = definition.code
            row["owner"] = version.owner.code if version.owner else ""
            row["department"] = definition.department.code if definition.department else ""
            row["objective"] = version.objective.code if version.objective else ""
            row["formula"] = shown_formula(version, style_of_reader()) if version.formula else ""
            yield row

    def undo(self, rows, run: Run) -> None:
        """New KPIs go out of use, others get their former version again. Raises Refused when one was edited since."""
        for row in rows:
            kept = row.undo
            definition = KpiDefinition.objects.select_related("current", "department").get(pk=kept["definition"])
            if definition.current_id != kept["now"]:
                raise Refused(
                    _("“%(name)s” was edited since, so this import cannot be taken back.") % {"name": definition.name}
                )
            if kept["version"] is None:
                kpis.retire_kpi(definition=definition, reason=_("The import was taken back."), by=run.by)
                continue
            former = KpiVersion.objects.get(pk=kept["version"])
            department = Department.objects.filter(pk=kept["department"]).first()
            kpis.revise_kpi(
                definition=definition,
                fields=kpis.fields_of(former),
                by=run.by,
                department=department,
                reason=_("The import was taken back."),
            )


def _places(value: Decimal) -> int:
    if value not in range(7):
        raise RowRefused(_("Decimal places are a whole number from 0 to 6."))
    return int(value)


def _found(known: dict[str, Any], code: str, sentence: str) -> Any:
    if code not in known:
        raise RowRefused(sentence % {"code": code})
    return known[code]
