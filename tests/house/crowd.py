"""More of everything in a world, so that what pages ask of the database can be counted at several sizes."""

import datetime
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from kpiapp.choices import JobState, PeriodKind, Role, RowOutcome
from kpiapp.models import (
    ApiToken,
    AuditEvent,
    CalendarDay,
    CalendarWeek,
    CompanyCalendar,
    Department,
    Employment,
    ImportBatch,
    ImportRow,
    Invitation,
    Job,
    Member,
    Notification,
    NumberQuestion,
    Period,
    Position,
    RoleGrant,
)
from kpiapp.models.calendar import usual_week
from payroll.choices import PayFlag
from payroll.models import CardTier, MemberPay, PayLine, PayRun, PositionPay, TierTable
from scorecards.choices import LinkKind, OwnerKind, RollupKind, Status, WarningKind
from scorecards.models import (
    Actual,
    CardScore,
    ChangeRequest,
    DraftRow,
    EarlyWarning,
    Evidence,
    KpiLink,
    LineScore,
    OwnedKpi,
    Proposal,
    ProposalStep,
    QualityFinding,
    RollupScore,
    Scorecard,
    ScorecardLine,
)
from scorecards.recompute import apply_links
from strategy.models import KpiPlan
from tests.cast import STORY_DAY, Cast
from tests.house.crowd_strategy import add_initiatives, add_strategy

LONG_AGO = datetime.date(2020, 1, 1)
SOON = datetime.date(2030, 1, 1)
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
YEAR = datetime.date(2026, 1, 1)


class Crowd:
    """Grows a world, inside its scope. Ids of the things it has already stay what they are."""

    def __init__(self, cast: Cast, things: dict) -> None:
        self.cast, self.things = cast, things
        self.number = 0

    def numbers(self, count: int) -> list[str]:
        """The next numbers, as parts of names."""
        self.number += count
        return [f"{number:05}" for number in range(self.number - count, self.number)]

    def add_people(self, count: int) -> None:
        """People of the manager's team, each with a card of one scored line, an entry that waits, pay, a warning."""
        cast, things, numbers, now = self.cast, self.things, self.numbers(count), timezone.now()
        people = Member.objects.bulk_create(
            Member(code=f"C{n}", name=f"Crowd {n}", email=f"c{n}@x.example") for n in numbers
        )
        Employment.objects.bulk_create(
            Employment(
                member=person,
                department=cast.department,
                position=cast.position,
                manager=cast.manager,
                valid_from=LONG_AGO,
            )
            for person in people
        )
        MemberPay.objects.bulk_create(
            MemberPay(member=person, p2_coefficient=1, valid_from=LONG_AGO, approved_at=NOON) for person in people
        )
        RoleGrant.objects.bulk_create(
            RoleGrant(member=person, role=Role.AUDITOR, valid_from=LONG_AGO, granted_by=cast.owner) for person in people
        )
        cards = Scorecard.objects.bulk_create(
            Scorecard(
                period=cast.period,
                owner_kind=OwnerKind.MEMBER,
                member=person,
                state="agreed" if index % 2 else "draft",
                agreed_at=now if index % 2 else None,
                agreed_by=cast.manager if index % 2 else None,
            )
            for index, person in enumerate(people)
        )
        lines = ScorecardLine.objects.bulk_create(
            ScorecardLine(scorecard=card, kpi_id=things["kpi_version"], weight=100, target=100) for card in cards
        )
        self._score(cards, lines)
        self._link(people)
        Actual.objects.bulk_create(
            Actual(line=line, on=STORY_DAY, value=80, note="…", entered_by=person)
            for line, person in zip(lines, people, strict=True)
        )
        requests = ChangeRequest.objects.bulk_create(
            ChangeRequest(
                line=line,
                changes={"target": {"old": "100", "new": "90"}},
                reason="…",
                effective_on=STORY_DAY,
                requested_by=person,
            )
            for line, person in zip(lines, people, strict=True)
        )
        Notification.objects.bulk_create(
            Notification(
                member=reader,
                kind=kind,
                target_type="…",
                target_id=target,
                actor=person,
                told_at=now,
            )
            for reader in (cast.manager, cast.lan)
            for person, card, line, request in zip(people, cards, lines, requests, strict=True)
            for kind, target in (
                ("card.submitted", card.pk),
                ("entry.returned", line.pk),
                ("change.requested", request.pk),
            )
        )
        NumberQuestion.objects.bulk_create(
            NumberQuestion(about="line", target_id=line.pk, text="…", asker=person)
            for line, person in zip(lines, people, strict=True)
        )
        self._draft(people)
        run = PayRun.objects.get(pk=things["run"])
        PayLine.objects.bulk_create(self._pay_line(run, person) for person in people)
        KpiPlan.objects.bulk_create(
            KpiPlan(definition_id=things["kpi"], member=person, starts_on=YEAR, number=1, total=1200, shape="equal")
            for person in people
        )

    def _draft(self, people) -> None:
        """Rows of the grid that gives KPIs, in a world that has one."""
        if "assignment_draft" not in self.things:
            return
        DraftRow.objects.bulk_create(
            DraftRow(
                draft_id=self.things["assignment_draft"],
                position=self.number + place,
                owner_kind=OwnerKind.MEMBER,
                member=person,
                kpi_id=self.things["kpi_version"],
                cells={"weight": "100", self.cast.period.code: "80"},
            )
            for place, person in enumerate(people)
        )

    def add_rows(self, count: int) -> None:
        """More of everything else: structure, strategy, lines and entries of the known card, imports, jobs, audit."""
        numbers = self.numbers(count)
        self._add_structure(numbers)
        self.versions = add_strategy(self.cast, self.things, numbers)
        add_initiatives(self.cast, self.things, numbers)
        self._add_to_cards(numbers)
        self._add_pay(numbers)
        self._add_work(numbers)

    def _link(self, people) -> None:
        """Everybody's revenue adds up to the department's, where the world has such a link."""
        if "kpi_link" not in self.things:
            return
        parent = KpiLink.objects.get(pk=self.things["kpi_link"]).parent
        ends = OwnedKpi.objects.bulk_create(
            OwnedKpi(definition_id=self.things["kpi"], owner_kind=OwnerKind.MEMBER, member=person) for person in people
        )
        KpiLink.objects.bulk_create(
            KpiLink(parent=parent, child=end, kind=LinkKind.CONTRIBUTION, rolls_up=True, valid_from=LONG_AGO)
            for end in ends
        )
        apply_links(on=STORY_DAY)
        offer = Proposal.objects.get(pk=self.things["proposal"])
        made = {"made_by": self.cast.manager, "offered_by": self.cast.manager, "weight": 20, "target": 90}
        Proposal.objects.bulk_create(
            Proposal(owned=end, period=offer.period, kpi=offer.kpi, parent=parent, state="for_owner", **made)
            for end in ends
        )
        numbers = {"target": 90, "weight": 20, "by": self.cast.manager}
        ProposalStep.objects.bulk_create(ProposalStep(proposal=offer, kind="offer", **numbers) for _end in ends)

    def _score(self, cards, lines) -> None:
        LineScore.objects.bulk_create(
            LineScore(
                line=line,
                scorecard=card,
                quantity=80,
                entries=1,
                last_on=STORY_DAY,
                state="scored",
                completion=Decimal("0.8"),
                status=Status.AT_RISK,
                changed_by_id=self.things["job"],
            )
            for card, line in zip(cards, lines, strict=True)
        )
        CardScore.objects.bulk_create(
            CardScore(
                scorecard=card,
                percent=80,
                measured_weight=100,
                lines_scored=1,
                lines_total=1,
                status=Status.AT_RISK,
                previous_percent=70,
                changed_by_id=self.things["job"],
            )
            for card in cards
        )
        CardTier.objects.bulk_create(CardTier(scorecard=card, code="B", coefficient=Decimal("0.8")) for card in cards)
        QualityFinding.objects.bulk_create(
            QualityFinding(
                period=self.cast.period,
                code="many_kpis",
                severity="medium",
                scorecard=card,
                numbers={"count": "13", "most": "12"},
            )
            for card in cards
        )
        EarlyWarning.objects.bulk_create(
            EarlyWarning(
                kind=WarningKind.OFF_TARGET,
                period=self.cast.period,
                scorecard=card,
                line=line,
                owner=self.cast.lan,
                opened_on=STORY_DAY,
            )
            for card, line in zip(cards, lines, strict=True)
        )

    def _add_structure(self, numbers: list[str]) -> None:
        cast = self.cast
        departments = Department.objects.bulk_create(
            Department(code=f"D{n}", name=f"Unit {n}", parent=cast.department, head=cast.manager) for n in numbers
        )
        positions = Position.objects.bulk_create(Position(code=f"P{n}", name=f"Job {n}") for n in numbers)
        PositionPay.objects.bulk_create(
            PositionPay(position=position, p1_amount=1, p3_target_amount=1, valid_from=day, approved_at=approved_at)
            for position in positions
            for day, approved_at in ((LONG_AGO, timezone.now()), (SOON, None))
        )
        first = Period.objects.filter(kind=PeriodKind.MONTH).order_by("starts_on").first().starts_on
        for _ in numbers:
            last, first = first, (first - datetime.timedelta(days=1)).replace(day=1)
            Period.objects.create(kind=PeriodKind.MONTH, starts_on=first, ends_on=last)
        former = Employment.objects.filter(member=cast.lan).order_by("valid_from").first().valid_from
        for _ in numbers:
            until, former = former, former - datetime.timedelta(days=30)
            Employment.objects.create(
                member=cast.lan,
                department=cast.other_department,
                position=cast.position,
                manager=cast.director,
                valid_from=former,
                valid_to=until,
            )
        expires = timezone.now() + datetime.timedelta(days=7)
        Invitation.objects.bulk_create(
            Invitation(
                member_id=self.things["newcomer"],
                email=f"i{n}@x.example",
                token_hash=n.rjust(64, "a"),
                invited_by=cast.hr,
                expires_at=expires,
            )
            for n in numbers
        )
        CalendarWeek.objects.bulk_create(
            CalendarWeek(
                calendar=CompanyCalendar.objects.get(),
                starts_on=datetime.date(2030, 1, 2) + datetime.timedelta(days=int(n)),
                week=usual_week(),
            )
            for n in numbers
        )
        CalendarDay.objects.bulk_create(
            CalendarDay(
                calendar=CompanyCalendar.objects.get(),
                on=STORY_DAY + datetime.timedelta(days=int(n) % 300 - 310),
                share=0,
                name=f"Off {n}",
            )
            for n in numbers
        )
        ApiToken.objects.bulk_create(
            ApiToken(name=f"Key {n}", token_hash=n.rjust(64, "b"), member=cast.owner) for n in numbers
        )
        cards = Scorecard.objects.bulk_create(
            Scorecard(period=cast.period, owner_kind=OwnerKind.DEPARTMENT, department=unit) for unit in departments
        )
        lines = ScorecardLine.objects.bulk_create(
            ScorecardLine(scorecard=card, kpi_id=self.things["kpi_version"], weight=100, target=100) for card in cards
        )
        self._score(cards, lines)
        RollupScore.objects.bulk_create(
            RollupScore(period=cast.period, kind=RollupKind.DEPARTMENT, department=unit, percent=80, parts=1)
            for unit in departments
        )

    def _add_to_cards(self, numbers: list[str]) -> None:
        cast, things = self.cast, self.things
        for card in Scorecard.objects.filter(pk__in=[things["card"], things["draft_card"]]):
            lines = ScorecardLine.objects.bulk_create(
                ScorecardLine(scorecard=card, kpi=version, weight=0, target=100) for version in self.versions
            )
            LineScore.objects.bulk_create(
                LineScore(line=line, scorecard=card, quantity=80, entries=1, state="scored", completion=1, status="on")
                for line in lines
            )
            Actual.objects.bulk_create(
                Actual(line=line, on=STORY_DAY, value=80, note="…", entered_by=cast.lan) for line in lines
            )
        actuals = Actual.objects.bulk_create(
            Actual(line_id=things["line"], on=STORY_DAY, value=1, note=f"Note {n}", entered_by=cast.lan)
            for n in numbers
        )
        Evidence.objects.bulk_create(
            Evidence(
                actual_id=pk,
                file=ContentFile(b"x", name="x.txt"),
                filename="x.txt",
                content_type="text/plain",
                size=1,
                sha256=number.rjust(64, "c"),
                uploaded_by=cast.lan,
            )
            for pk in [things["actual"], *(actual.pk for actual in actuals)]
            for number in numbers
        )
        ChangeRequest.objects.bulk_create(
            ChangeRequest(
                line_id=things["line"],
                changes={"target": {"old": "100", "new": "90"}},
                reason=f"Reason {n}",
                effective_on=STORY_DAY,
                requested_by=cast.lan,
                state="refused",
                decided_by=cast.manager,
                decided_at=timezone.now(),
            )
            for n in numbers
        )

    def _add_pay(self, numbers: list[str]) -> None:
        TierTable.objects.bulk_create(
            TierTable(
                name=f"Table {n}",
                valid_from=LONG_AGO + datetime.timedelta(days=int(n)),
                made_by=self.cast.payroll_maker,
            )
            for n in numbers
        )
        paid = PayRun.objects.values("period")
        months = Period.objects.filter(kind=PeriodKind.MONTH).exclude(pk__in=paid)[: len(numbers)]
        PayRun.objects.bulk_create(PayRun(period=month, made_by=self.cast.payroll_maker) for month in months)

    def _add_work(self, numbers: list[str]) -> None:
        cast, things, now = self.cast, self.things, timezone.now()
        Job.objects.bulk_create(
            Job(
                key=f"job {n}",
                task="house",
                state=JobState.DONE,
                finished_at=now,
                requested_by=cast.hr,
                parent_id=parent,
            )
            if parent is None
            else Job(key=f"part {n}", task="house", state=JobState.DONE, finished_at=now, parent_id=parent)
            for parent in (None, things["job"])
            for n in numbers
        )
        ImportBatch.objects.bulk_create(
            ImportBatch(
                kind="people",
                file=ContentFile(b"name\n", name="people.csv"),
                filename=f"people {n}.csv",
                sha256=n.rjust(64, "d"),
                columns={"name": "name"},
                created_by=cast.hr,
            )
            for n in numbers
        )
        ImportRow.objects.bulk_create(
            ImportRow(batch_id=things["batch"], number=10 + int(n), values={"name": n}, outcome=RowOutcome.CREATE)
            for n in numbers
        )
        AuditEvent.objects.bulk_create(
            AuditEvent(
                at=now,
                actor_id=cast.hr.pk,
                actor_name=cast.hr.name,
                action="person.edit",
                target_type="member",
                target_id=cast.lan.pk,
                target_label=cast.lan.name,
                after={"name": n},
                is_pay=is_pay,
            )
            for is_pay in (False, True)
            for n in numbers
        )

    def _pay_line(self, run: PayRun, person: Member) -> PayLine:
        return PayLine(
            run=run,
            member=person,
            employee_code=person.code,
            employee_name=person.name,
            department_name="Sales",
            position_name="Rep",
            p1_amount=1,
            p2_coefficient=1,
            p2_amount=0,
            p3_target_amount=0,
            p3_amount=0,
            gross_amount=1,
            flag=PayFlag.NO_SCORE,
            inputs={},
            trace={},
        )
