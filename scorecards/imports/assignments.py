"""KPIs on cards from a file: weight, target and baseline for an owner and a period."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import RowOutcome
from kpiapp.models import Period
from kpiapp.permissions import Permission
from kpiapp.services.import_changes import Changes, undo_changes
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run
from kpiapp.services.refusals import Refused
from scorecards import queries, recompute
from scorecards.imports.owners import KPI, OWNER, Owners, period_field, read_owners, refuse_locked
from scorecards.models import EarlyWarning, Scorecard, ScorecardLine
from scorecards.services.scorecards import CardRefused, Owner, card_key, check_line, owner_fields
from strategy.models import KpiDefinition, KpiVersion
from strategy.visibility import visible_kpis

NUMBERS = ("weight", "target", "baseline")


@dataclass
class Known:
    """What rows refer to, cards and lines that exist, and the highest place on each card."""

    owners: Owners
    cards: dict[tuple, Scorecard]
    lines: dict[tuple, ScorecardLine]
    places: dict[tuple, int]
    # Lines that rows of the file set, however they spell owner, KPI and period.
    taken: dict[tuple, int] = field(default_factory=dict)


@dataclass
class Plan:
    """Which line of which card a row sets, and to what."""

    owner: Owner
    period: Period
    version: KpiVersion
    line: ScorecardLine | None
    values: dict[str, Decimal | None]

    @property
    def is_same(self) -> bool:
        """Whether the line says all of it already."""
        return self.line is not None and all(getattr(self.line, name) == value for name, value in self.values.items())


class LineImport(ImportHandler):
    """What every file about lines of cards has in common. Agreed cards are left alone: they change by a request."""

    permission = Permission.CARD_EDIT

    def prepare(self, rows: Sequence[Row], run: Run) -> Known:
        """Owners, KPIs, periods, and the cards they have: six queries."""
        owners = read_owners(rows, run, self.permission)
        members = [owner.pk for owner in owners.owners.values() if owner_fields(owner)["member_id"]]
        departments = [owner.pk for owner in owners.owners.values() if owner_fields(owner)["department_id"]]
        mine = Q(member__in=members) | Q(department__in=departments) | Q(member=None, department=None)
        cards = {
            (card.period_id, card.owner_kind, card.member_id, card.department_id): card
            for card in Scorecard.objects.filter(mine)
        }
        keys = {card.pk: key for key, card in cards.items()}
        lines, places = {}, defaultdict(int)
        for line in ScorecardLine.objects.filter(scorecard__in=keys).select_related("kpi"):
            lines[keys[line.scorecard_id], line.kpi.definition_id] = line
            places[keys[line.scorecard_id]] = max(places[keys[line.scorecard_id]], line.position)
        return Known(owners, cards, lines, places)

    def plan_line(
        self, row: Row, known: Known, owner: Owner, definition: KpiDefinition, period: Period, given: dict
    ) -> Plan:
        """What becomes of one line; numbers that are not given stay, or are the KPI's own. Raises RowRefused."""
        key = card_key(owner, period)
        line = known.lines.get((key, definition.pk))
        first = known.taken.setdefault((key, definition.pk), row.number)
        if first != row.number:
            raise RowRefused(self.repeated(first))
        version = line.kpi if line else definition.current
        values = {name: given.get(name) for name in NUMBERS}
        if values["weight"] is None and line is not None:
            values["weight"] = line.weight
        if values["weight"] is None:
            raise RowRefused(
                _("%(kpi)s is not on the card of %(owner)s for %(period)s yet: fill in its weight.")
                % {"kpi": version.name, "owner": owner, "period": period.label}
            )
        for name in ("target", "baseline"):
            if values[name] is None:
                values[name] = getattr(line or version, name)
        plan = Plan(owner, period, version, line, values)
        if plan.is_same:
            return plan
        refuse_locked(period)
        if key in known.cards and known.cards[key].is_agreed:
            raise RowRefused(
                _("The card of %(owner)s for %(period)s is agreed. Ask for a change there instead.")
                % {"owner": owner, "period": period.label}
            )
        try:
            own = (line.method, line.params) if line else ("", None)
            check_line(version, values["weight"], values["target"], values["baseline"], *own)
        except CardRefused as refused:
            raise RowRefused(str(refused)) from refused
        return plan

    def apply(self, rows: Sequence[Row], known: Known, run: Run) -> None:
        """Missing cards, then lines, then scores."""
        changes = Changes()
        plans = [(row, plan) for row in rows for plan in row.plan if not plan.is_same]
        for row, plan in plans:
            key = card_key(plan.owner, plan.period)
            if key not in known.cards:
                known.cards[key] = Scorecard(period=plan.period, **owner_fields(plan.owner))
                changes.create(row, known.cards[key], "state")
        changes.write_created(Scorecard)
        touched = []
        for row, plan in plans:
            line = plan.line
            if line:
                changes.update(row, line, **plan.values)
            else:
                key = card_key(plan.owner, plan.period)
                known.places[key] += 1
                line = ScorecardLine(
                    scorecard=known.cards[key],
                    kpi=plan.version,
                    position=known.places[key],
                    is_scored=plan.version.is_scored,
                    **plan.values,
                )
                changes.create(row, line, *NUMBERS)
            touched.append(line)
        changes.write_updated(ScorecardLine)
        changes.write_created(ScorecardLine)
        changes.close()
        recompute.refresh_actuals(line_ids=[line.pk for line in touched])
        recompute.rescore_cards(card_ids={line.scorecard_id for line in touched}, on=run.on)

    def undo(self, rows, run: Run) -> None:
        """New lines and cards go unless they were agreed or logged on; others get their numbers back."""
        ids = [c["id"] for row in rows for c in row.undo["changes"] if c["model"] == ScorecardLine._meta.label_lower]
        cards = list(Scorecard.objects.filter(lines__in=ids).select_related("period").distinct())
        for card in cards:
            if card.is_agreed or not card.period.is_open:
                raise Refused(
                    _("%(period)s: a card was agreed or the period locked since, so this import cannot be taken back.")
                    % {"period": card.period.label}
                )
        undo_changes(rows, order=[ScorecardLine, Scorecard], derived=[EarlyWarning])
        left = Scorecard.objects.filter(pk__in=[card.pk for card in cards]).values_list("pk", flat=True)
        recompute.rescore_cards(card_ids=list(left), on=run.on)


class AssignmentImport(LineImport):
    """Known by owner, KPI and period."""

    kind = "assignments"
    label = gettext_lazy("KPIs and targets")
    help = gettext_lazy("Which KPI stands on whose card, with which weight and target.")
    icon = "target"
    order = 40
    has_current = True
    fields = (
        OWNER,
        KPI,
        period_field(required=True),
        ImportField(
            "weight",
            gettext_lazy("Weight"),
            kind=FieldKind.DECIMAL,
            required=True,
            synonyms=("weight %", "trọng số", "tỷ trọng"),
            help=gettext_lazy("100 is the whole card."),
            example="40",
        ),
        ImportField(
            "target",
            gettext_lazy("Target"),
            kind=FieldKind.DECIMAL,
            synonyms=("plan", "quota", "mục tiêu", "chỉ tiêu giao", "kế hoạch"),
            example="100",
        ),
        ImportField(
            "baseline",
            gettext_lazy("Baseline"),
            kind=FieldKind.DECIMAL,
            synonyms=("start value", "giá trị gốc", "mức nền"),
            example="60",
        ),
    )

    def key(self, row: Row) -> tuple[str, str, str]:
        """Owner, KPI and period, as written."""
        return row.values["owner"], row.values["kpi"], row.values["period"]

    def plan(self, row: Row, known: Known) -> str:
        """Compare with the line of the same KPI on the card; an empty target or baseline takes the KPI's own."""
        owner = known.owners.owner(row.values["owner"])
        definition = known.owners.kpi(row.values["kpi"])
        period = known.owners.period(row.values["period"])
        plan = self.plan_line(row, known, owner, definition, period, row.values)
        row.plan = [plan]
        if plan.is_same:
            return RowOutcome.SAME
        return RowOutcome.UPDATE if plan.line else RowOutcome.CREATE

    def current(self, run: Run) -> Iterator[dict[str, Any]]:
        """Lines of open periods that are not over, person by person."""
        for line in lines_within_reach(run).filter(scorecard__period__ends_on__gt=run.on):
            yield {
                "owner": owner_code(line.scorecard),
                "kpi": line.kpi.definition.code,
                "period": line.scorecard.period.code,
                **{name: getattr(line, name) for name in NUMBERS},
            }


def lines_within_reach(run: Run) -> QuerySet[ScorecardLine]:
    """Lines of open periods whose cards the member may set up, person by person, in the order of their cards."""
    cards = queries.editable_cards(run.by, run.on).filter(period__locked_at=None)
    known = visible_kpis(run.by, run.on).values("pk")
    lines = ScorecardLine.objects.filter(scorecard__in=cards.values("pk"), kpi__definition__in=known)
    related = ("scorecard__period", "scorecard__member", "scorecard__department", "scorecard__organization")
    return lines.select_related(*related, "kpi__definition").order_by(
        "scorecard__owner_kind",
        "scorecard__member__sort_key",
        "scorecard__department__sort_key",
        "scorecard_id",
        "position",
    )


def owner_code(card: Scorecard) -> str:
    """How a file names the owner of a card."""
    owner = card.member or card.department
    return owner.code if owner else card.organization.slug
