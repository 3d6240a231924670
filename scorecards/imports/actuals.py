"""What was reached, from a file: values, or the two parts of a ratio, by owner, KPI and day."""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import RowOutcome
from kpiapp.models import Member
from kpiapp.permissions import Permission
from kpiapp.services.import_changes import BATCH
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run
from kpiapp.services.refusals import Refused
from scorecards.choices import ActualSource, ActualState
from scorecards.imports.owners import KPI, OWNER, Owners, last_day_until, period_field, read_owners
from scorecards.models import Actual, ScorecardLine
from scorecards.services.actuals import NewEntry, lock_lines, refusal_of, settle, withdraw_actuals
from scorecards.services.scorecards import owner_fields

NUMBERS = ("value", "numerator", "denominator")
GONE = (ActualState.CORRECTED, ActualState.WITHDRAWN)


@dataclass
class Known:
    """What rows refer to; lines by owner and KPI; entries by their key, or by line and day when they have none."""

    owners: Owners
    lines: dict[tuple, list[ScorecardLine]]
    entries: dict[tuple[int, Hashable], Actual]
    by: Member | None
    on: datetime.date
    # Entries that rows of the file make, however they spell owner, KPI and day.
    taken: dict[tuple[int, Hashable], int] = field(default_factory=dict)


class ActualImport(ImportHandler):
    """Known by the key of the system it comes from, else by line and day: the same file twice changes nothing."""

    kind = "actuals"
    label = gettext_lazy("Actuals")
    help = gettext_lazy("What was reached: by person or department, KPI and day.")
    icon = "trending-up"
    order = 50
    permission = Permission.IMPORT_ACTUALS
    fields = (
        OWNER,
        KPI,
        ImportField(
            "date",
            gettext_lazy("Date"),
            kind=FieldKind.DATE,
            synonyms=("day", "ngày", "ngày ghi nhận"),
            help=gettext_lazy("Or the period."),
            example="20/11/2026",
        ),
        period_field(required=False),
        ImportField(
            "value",
            gettext_lazy("Value"),
            kind=FieldKind.DECIMAL,
            synonyms=("actual", "result", "thực hiện", "thực đạt", "kết quả", "giá trị"),
            example="12",
        ),
        ImportField(
            "numerator",
            gettext_lazy("Numerator"),
            kind=FieldKind.DECIMAL,
            synonyms=("tử số",),
            help=gettext_lazy("For a ratio, in place of a value."),
        ),
        ImportField(
            "denominator",
            gettext_lazy("Denominator"),
            kind=FieldKind.DECIMAL,
            synonyms=("mẫu số", "weight"),
            help=gettext_lazy("For a ratio; the weight of a value in a weighted mean."),
        ),
        ImportField(
            "external_key",
            gettext_lazy("Key"),
            kind=FieldKind.CODE,
            max_length=100,
            synonyms=("external key", "reference", "order no", "id", "mã tham chiếu", "số chứng từ", "khóa"),
            help=gettext_lazy("What the source calls this row, such as an order number."),
        ),
        ImportField("note", gettext_lazy("Note"), max_length=2000, synonyms=("comment", "ghi chú", "diễn giải")),
    )

    def key(self, row: Row) -> Hashable:
        """Its own key on its line, or owner, KPI and day."""
        values = row.values
        if "external_key" in values:
            return values["owner"], values["kpi"], "key", values["external_key"]
        return values["owner"], values["kpi"], values.get("date") or values.get("period")

    def repeated(self, number: int) -> str:
        """Two entries of one day are fine, but then each needs a name."""
        return _("Row %(number)d is for the same card and day. Give each its own key, or add them up.") % {
            "number": number
        }

    def prepare(self, rows: Sequence[Row], run: Run) -> Known:
        """Owners, KPIs, periods, their lines, and entries the rows may repeat: seven queries."""
        owners = read_owners(rows, run, self.permission)
        lines: dict[tuple, list[ScorecardLine]] = defaultdict(list)
        named = owners.kpis_named({row.values["kpi"] for row in rows})
        found = list(self._lines(owners).filter(kpi__definition__in=named))
        for line in found:
            card = line.scorecard
            lines[card.owner_kind, card.member_id, card.department_id, line.kpi.definition_id].append(line)
        ids = [line.pk for line in found]
        keys = {row.values["external_key"] for row in rows if "external_key" in row.values}
        known = Actual.objects.filter(line__in=ids).exclude(state__in=GONE)
        entries = {}
        for actual in known.filter(Q(external_key__in=keys) | Q(external_key="", source=ActualSource.IMPORTED)):
            entries[actual.line_id, actual.external_key or actual.on] = actual
        return Known(owners, lines, entries, run.by, run.on)

    def _lines(self, owners: Owners):
        members = [owner.pk for owner in owners.owners.values() if owner_fields(owner)["member_id"]]
        departments = [owner.pk for owner in owners.owners.values() if owner_fields(owner)["department_id"]]
        mine = Q(scorecard__member__in=members) | Q(scorecard__department__in=departments)
        if any(not any(list(owner_fields(owner).values())[1:]) for owner in owners.owners.values()):
            mine |= Q(scorecard__member=None, scorecard__department=None)
        return ScorecardLine.objects.filter(mine).select_related("scorecard__period", "kpi")

    def plan(self, row: Row, known: Known) -> str:
        """Find the line, judge the entry by the rules of typed ones, compare with what is there."""
        line, day = self._place(row.values, known)
        values = row.values
        key = line.pk, values.get("external_key") or day
        first = known.taken.setdefault(key, row.number)
        if first != row.number:
            raise RowRefused(self.repeated(first))
        entry = NewEntry(
            line=line,
            on=day,
            **{name: values.get(name) for name in NUMBERS},
            note=values.get("note", ""),
            external_key=values.get("external_key", ""),
            corrects=known.entries.get(key),
        )
        row.plan = entry
        if entry.corrects and all(getattr(entry.corrects, n) == getattr(entry, n) for n in ("on", *NUMBERS)):
            return RowOutcome.SAME
        if refusal := refusal_of(entry, known.by):
            raise RowRefused(refusal)
        return RowOutcome.UPDATE if entry.corrects else RowOutcome.CREATE

    def _place(self, values: dict[str, Any], known: Known) -> tuple[ScorecardLine, datetime.date]:
        """The line of the shortest period the row falls into, and the day of the entry."""
        owner = known.owners.owner(values["owner"])
        definition = known.owners.kpi(values["kpi"])
        lines = known.lines.get((*owner_fields(owner).values(), definition.pk), [])
        if "period" in values:
            period = known.owners.period(values["period"])
            lines = [line for line in lines if line.scorecard.period_id == period.pk]
            day = values.get("date") or last_day_until(period, known.on)
            when = period.label
        elif "date" in values:
            day = values["date"]
            lines = [line for line in lines if line.scorecard.period.starts_on <= day < line.scorecard.period.ends_on]
            when = f"{day:%d/%m/%Y}"
        else:
            raise RowRefused(_("Give a date or a period."))
        if not lines:
            raise RowRefused(
                _("“%(kpi)s” is not on the card of %(owner)s for %(when)s. Assign it first.")
                % {"kpi": definition.name, "owner": owner, "when": when}
            )
        return min(lines, key=lambda line: line.scorecard.period.ends_on - line.scorecard.period.starts_on), day

    def apply(self, rows: Sequence[Row], known: Known, run: Run) -> None:
        """Append entries in bulk, mark what they correct, and score every card once."""
        lines = lock_lines(ScorecardLine.objects.all(), [row.plan.line.pk for row in rows])
        for period in {line.scorecard.period for line in lines.values() if not line.scorecard.period.is_open}:
            # Locked between the plan and the lock on the cards.
            raise Refused(_("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label})
        corrected = [row.plan.corrects.pk for row in rows if row.plan.corrects]
        Actual.objects.filter(pk__in=corrected).update(state=ActualState.CORRECTED)
        stored: list[Actual] = []
        for start in range(0, len(rows), BATCH):
            part = [row.plan for row in rows[start : start + BATCH]]
            stored += Actual.objects.bulk_create([self._actual(entry, run.by) for entry in part])
            run.report(len(stored), len(rows))
        for row, actual in zip(rows, stored, strict=True):
            row.undo = {"actual": actual.pk}
        settle(lines.values(), run.on)

    def _actual(self, entry: NewEntry, by: Member | None) -> Actual:
        return Actual(
            line=entry.line,
            on=entry.on,
            **{name: getattr(entry, name) for name in NUMBERS},
            note=entry.note,
            source=ActualSource.IMPORTED,
            external_key=entry.external_key,
            entered_by=by,
            corrects=entry.corrects,
        )

    def undo(self, rows, run: Run) -> None:
        """Withdraw the entries; what they had corrected counts again."""
        actuals = Actual.objects.filter(pk__in=[row.undo["actual"] for row in rows])
        withdraw_actuals(actuals=list(actuals), by=run.by, today=run.on)
