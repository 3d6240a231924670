"""Two companies with one of everything in them, so that every address has something to point at.

Every name, note and reason of a company carries its canary: it must never be read in the other company.
"""

import datetime
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from kpiapp.choices import ImportState, PeriodKind, PeriodState, ReopeningState, Role, RowOutcome
from kpiapp.models import (
    ApiToken,
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
    Organization,
    Period,
    PeriodReopening,
    Position,
    RoleGrant,
)
from kpiapp.models.calendar import usual_week
from kpiapp.services import audit
from kpiapp.tenancy import organization_scope
from scorecards.choices import LinkKind, OwnerKind, RollupKind, WarningKind
from scorecards.models import (
    Actual,
    AssignmentDraft,
    CardRules,
    CardScore,
    ChangeRequest,
    DraftRow,
    EarlyWarning,
    Evidence,
    KpiLink,
    LineScore,
    LineSegment,
    OwnedKpi,
    Proposal,
    ProposalStep,
    QualityFinding,
    RollupScore,
    Scorecard,
    ScorecardLine,
)
from scorecards.recompute import apply_links
from strategy.catalogue import library_kpis, library_templates
from strategy.choices import MapState, NoteKind, PerspectiveKind, SwotKind
from strategy.maps.snapshots import write_version
from strategy.models import (
    CardTemplate,
    CardTemplateItem,
    CauseLink,
    Initiative,
    InitiativeBooking,
    InitiativeKpi,
    InitiativeObjective,
    KpiDefinition,
    KpiNote,
    KpiPlan,
    KpiPlanMonth,
    KpiVersion,
    Milestone,
    Objective,
    Perspective,
    Risk,
    StrategyMap,
    SwotItem,
)
from strategy.services import kpis, notes
from tests.cast import FAR_END, STORY_DAY, Cast, build_cast
from tests.house.world_pay import DECEMBER, OCTOBER, PAY_CANARY, add_pay

CANARIES = {"an-phat": "CANARY-AN-PHAT", "binh-minh": "CANARY-BINH-MINH"}
# The name, and a value, of a confidential KPI by which only Lan is measured.
SECRETS = {"an-phat": "SECRET-AN-PHAT", "binh-minh": "SECRET-BINH-MINH"}
NOVEMBER = datetime.date(2026, 11, 1)


def build_world(slug: str, language: str) -> tuple[Cast, dict[str, int | str]]:
    """A cast, and the ids (or other parts of addresses) of one of everything, by the names the access table uses."""
    cast = build_cast(slug, language)
    canary = CANARIES[slug]
    Organization.objects.filter(pk=cast.organization.pk).update(name=f"{canary} company")
    with organization_scope(cast.organization):
        things: dict[str, int | str] = {}
        _mark(canary)
        _core(cast, canary, things)
        things["asked_reopening"] = _reopening(cast, Period.objects.get(pk=things["locked_period"]), canary).pk
        things["reopening"] = _reopening(cast, cast.period, canary, by=cast.strategy).pk
        _strategy(cast, canary, things)
        _scorecards(cast, canary, things)
        add_pay(cast, canary, things)
    return cast, things


def keep_a_secret(cast: Cast, things: dict) -> None:
    """A confidential KPI in every place where KPIs are named: on Lan's card, asked about, warned of, to be changed."""
    secret = SECRETS[cast.organization.slug]
    by = cast.acting(cast.strategy)
    objective = Objective.objects.get(pk=things["published_objective"])
    fields = {
        "name": secret,
        "why": secret,
        "source": secret,
        "unit": secret,
        "owner": cast.lan,
        "objective": objective,
    }
    kpi = kpis.create_kpi(fields=fields, confidential=True, origin=str(things["library_kpi"]), by=by)
    kpis.revise_kpi(definition=kpi, fields={**fields, "description": secret}, department=None, reason=secret, by=by)
    orphan = kpis.create_kpi(fields={"name": f"Orphan {secret}", "owner": cast.lan}, confidential=True, by=by)
    notes.ask(definition=kpi, text=secret, by=by, on=STORY_DAY)
    for card in (things["card"], things["draft_card"]):
        line = ScorecardLine.objects.create(
            scorecard_id=card, kpi=KpiVersion.objects.get(definition=kpi, number=2), weight=10, target=5
        )
        LineScore.objects.create(
            line=line,
            scorecard_id=card,
            quantity=4,
            entries=1,
            state="scored",
            completion=Decimal("0.8"),
            changed_by_id=things["job"],
        )
        Actual.objects.create(line=line, on=STORY_DAY, value=4, note=secret, entered_by=cast.lan)
        ChangeRequest.objects.create(
            line=line,
            changes={"target": {"old": "5", "new": "6"}},
            reason=secret,
            effective_on=STORY_DAY,
            requested_by=cast.lan,
        )
        EarlyWarning.objects.create(
            kind=WarningKind.OFF_TARGET,
            period=cast.period,
            scorecard_id=card,
            line=line,
            owner=cast.lan,
            opened_on=STORY_DAY,
        )
        audit.record(action="line.waive", target=line, by=cast.manager, reason=secret)
    things.update(secret=kpi.pk, secret_orphan=orphan.pk)


def _mark(canary: str) -> None:
    """The canary into everything the cast has a name for."""
    for row in [*Member.objects.all(), *Department.objects.all(), *Position.objects.all()]:
        row.name = f"{row.name} {canary}"
        row.save()


def _core(cast: Cast, canary: str, things: dict) -> None:
    locked = Period.objects.create(
        kind=PeriodKind.MONTH,
        starts_on=OCTOBER,
        ends_on=NOVEMBER,
        state=PeriodState.LOCKED,
        locked_at=timezone.now(),
        locked_by=cast.hr,
    )
    gone = Member.objects.create(
        code="NV900", name=f"Gone {canary}", is_active=False, deactivated_at=timezone.now(), email="gone@x.example"
    )
    unused = Department.objects.create(code="OLD", name=f"Old {canary}", is_active=False)
    newcomer = Member.objects.create(code="NV901", name=f"New {canary}", email=f"new@{cast.organization.slug}.example")
    Employment.objects.create(
        member=newcomer,
        department=cast.department,
        position=cast.position,
        manager=cast.manager,
        valid_from=STORY_DAY,
    )
    waiting = RoleGrant.objects.create(
        member=cast.minh, role=Role.PAYROLL_MAKER, valid_from=STORY_DAY, valid_to=FAR_END, granted_by=cast.director
    )
    Invitation.objects.create(
        member=newcomer,
        email=newcomer.email,
        token_hash="0" * 64,
        invited_by=cast.hr,
        expires_at=timezone.now() + datetime.timedelta(days=7),
    )
    calendar = CompanyCalendar.objects.create(country="VN")
    CalendarWeek.objects.create(calendar=calendar, starts_on=datetime.date(2030, 1, 1), week=usual_week())
    CalendarDay.objects.create(calendar=calendar, on=STORY_DAY, share=0, name=f"Day off {canary}")
    token = ApiToken.objects.create(name=f"Key {canary}", token_hash="1" * 64, member=cast.owner)
    job = Job.objects.create(
        key=f"house {canary}",
        task="house",
        arguments={"on": STORY_DAY.isoformat()},
        error=canary,
        requested_by=cast.hr,
    )
    batch = ImportBatch.objects.create(
        kind="people",
        file=ContentFile(f"name\n{canary}\n".encode(), name="people.csv"),
        filename=f"{canary}.csv",
        sha256="2" * 64,
        columns={"name": "name"},
        options={"header": 1, "titles": ["name"], "samples": [[canary]]},
        state=ImportState.CHECKED,
        counts={"create": 1},
        created_by=cast.hr,
    )
    ImportRow.objects.create(batch=batch, number=2, values={"name": canary}, outcome=RowOutcome.CREATE)
    audit.record(action="person.edit", target=cast.lan, by=cast.hr, after={"name": canary}, reason=canary)
    audit.record(
        action="pay.edit",
        target=cast.lan,
        by=cast.payroll_maker,
        after={"p1_amount": str(PAY_CANARY)},
        is_pay=True,
    )
    things.update(
        member=cast.lan.pk,
        newcomer=newcomer.pk,
        gone=gone.pk,
        department=cast.department.pk,
        closed_department=unused.pk,
        position=cast.position.pk,
        period=cast.period.pk,
        locked_period=locked.pk,
        waiting_grant=waiting.pk,
        token=token.pk,
        job=job.pk,
        batch=batch.pk,
        month=cast.period.code,
        window="ytd",
        library_kpi=next(iter(library_kpis())),
        library_template=next(iter(library_templates())),
    )


def _initiative(cast, canary, shown, kpi) -> dict[str, int]:
    """An initiative with a step and money spent."""
    work = Initiative.objects.create(
        name=f"Work {canary}",
        description=canary,
        owner=cast.lan,
        starts_on=OCTOBER,
        due_on=DECEMBER,
        budget_amount=5,
        spent_amount=7,
    )
    InitiativeObjective.objects.create(initiative=work, objective=shown)
    InitiativeKpi.objects.create(initiative=work, kpi=kpi)
    InitiativeBooking.objects.create(
        initiative=work, booked_on=NOVEMBER, amount=7, note=f"Spent {canary}", booked_by=cast.lan
    )
    step = Milestone.objects.create(initiative=work, name=f"Step {canary}", due_on=NOVEMBER)
    return {"initiative": work.pk, "milestone": step.pk}


def _strategy(cast: Cast, canary: str, things: dict) -> None:
    lanes = [
        Perspective.objects.create(kind=kind, name=f"{kind} {canary}", position=position)
        for position, kind in enumerate((PerspectiveKind.FINANCIAL, PerspectiveKind.CUSTOMER))
    ]
    plan = StrategyMap.objects.create(
        name=f"Map {canary}",
        vision=canary,
        mission=canary,
        state=MapState.PUBLISHED,
        published_at=timezone.now(),
        published_by=cast.strategy,
    )
    draft = StrategyMap.objects.create(name=f"Draft {canary}")
    for chart in (plan, draft):
        upper = Objective.objects.create(map=chart, perspective=lanes[0], code="F1", name=f"Profit {canary}")
        lower = Objective.objects.create(map=chart, perspective=lanes[1], code="C1", name=f"Loyalty {canary}")
        link = CauseLink.objects.create(map=chart, source=lower, target=upper)
        things.update(objective=upper.pk, link=link.pk)
        if chart == plan:
            shown = upper
    kpi = KpiDefinition.objects.create(code="KPI1", name=f"Revenue {canary}", created_by=cast.strategy)
    version = KpiVersion.objects.create(
        definition=kpi,
        number=1,
        name=f"Revenue {canary}",
        description=canary,
        why=canary,
        source=canary,
        owner=cast.manager,
        objective=shown,
        perspective=lanes[0],
        unit="VND m",
        created_by=cast.strategy,
    )
    KpiDefinition.objects.filter(pk=kpi.pk).update(current=version)
    for member in (None, cast.lan):
        yearly = KpiPlan.objects.create(
            definition=kpi,
            member=member,
            starts_on=datetime.date(2026, 1, 1),
            number=1,
            total=1200,
            shape="equal",
            events=[{"month": 1, "percent": "-40", "name": canary}],
            created_by=cast.strategy,
        )
        KpiPlanMonth.objects.bulk_create(
            KpiPlanMonth(plan=yearly, starts_on=datetime.date(2026, month, 1), target=100) for month in range(1, 13)
        )
    template = CardTemplate.objects.create(name=f"Ready {canary}", position=cast.position, created_by=cast.manager)
    CardTemplateItem.objects.create(template=template, definition=kpi, weight=100)
    note = KpiNote.objects.create(definition=kpi, kind=NoteKind.QUESTION, text=f"Why {canary}?", author=cast.lan)
    things.update(
        card_template=template.pk,
        kpi_note=note.pk,
        **_initiative(cast, canary, shown, kpi),
        swot=SwotItem.objects.create(kind=SwotKind.THREAT, text=f"Threat {canary}", created_by=cast.strategy).pk,
        risk=Risk.objects.create(objective=shown, name=f"Risk {canary}", likelihood=3, impact=4, owner=cast.lan).pk,
        map=plan.pk,
        map_version=write_version(strategy_map=plan, published_at=timezone.now(), published_by=cast.strategy).pk,
        draft_map=draft.pk,
        published_objective=shown.pk,
        perspective=lanes[0].pk,
        kpi=kpi.pk,
        kpi_version=version.pk,
    )


def _scorecards(cast: Cast, canary: str, things: dict) -> None:
    version = KpiVersion.objects.get()
    card = Scorecard.objects.create(
        period=cast.period,
        owner_kind=OwnerKind.MEMBER,
        member=cast.lan,
        state="agreed",
        agreed_at=timezone.now(),
        agreed_by=cast.manager,
    )
    draft = Scorecard.objects.create(period=cast.period, owner_kind=OwnerKind.DEPARTMENT, department=cast.department)
    line = ScorecardLine.objects.create(scorecard=card, kpi=version, weight=100, target=100)
    draft_line = ScorecardLine.objects.create(scorecard=draft, kpi=version, weight=50, target=100)
    LineScore.objects.create(
        line=line, scorecard=card, quantity=80, entries=1, state="scored", completion=Decimal("0.8")
    )
    CardScore.objects.create(scorecard=card, percent=80, measured_weight=100, lines_scored=1, lines_total=1)
    actual = Actual.objects.create(line=line, on=STORY_DAY, value=80, note=canary, entered_by=cast.lan)
    evidence = Evidence.objects.create(
        actual=actual,
        file=ContentFile(canary.encode(), name="evidence.txt"),
        filename=f"{canary}.txt",
        content_type="text/plain",
        size=len(canary),
        sha256="3" * 64,
        uploaded_by=cast.lan,
    )
    change = ChangeRequest.objects.create(
        line=line,
        changes={"target": {"old": "100", "new": "90"}},
        reason=canary,
        effective_on=STORY_DAY,
        requested_by=cast.lan,
    )
    grid = AssignmentDraft.objects.create(made_by=cast.strategy, periods=[cast.period.code])
    DraftRow.objects.create(draft=grid, position=0, owner_kind=OwnerKind.MEMBER, member=cast.minh, kpi=version)
    LineSegment.objects.create(line=line, starts_on=NOVEMBER, kpi=line.kpi, weight=100, target=100)
    CardRules.objects.create()
    rollup = RollupScore.objects.create(
        period=cast.period, kind=RollupKind.DEPARTMENT, department=cast.department, percent=80, parts=1
    )
    warning = EarlyWarning.objects.create(
        kind=WarningKind.OFF_TARGET,
        period=cast.period,
        scorecard=card,
        line=line,
        owner=cast.lan,
        opened_on=STORY_DAY,
    )
    things.update(_cascade(cast, version, draft_line))
    things.update(_alerts(cast, canary, card, draft, change))
    question = NumberQuestion.objects.create(
        about="line", target_id=line.pk, shown="80%", text=f"Why {canary}?", asker=cast.lan
    )
    things.update(
        question=question.pk,
        warning=warning.pk,
        card=card.pk,
        draft_card=draft.pk,
        line=line.pk,
        draft_line=draft_line.pk,
        actual=actual.pk,
        evidence=evidence.pk,
        change=change.pk,
        rollup=rollup.pk,
        assignment_draft=grid.pk,
    )


def _alerts(cast: Cast, canary: str, card: Scorecard, draft: Scorecard, change: ChangeRequest) -> dict[str, int | str]:
    """What Lan and her manager were told, and what the audit of the night found."""
    notification = Notification.objects.create(
        member=cast.lan,
        kind="card.returned",
        target_type="scorecards.scorecard",
        target_id=card.pk,
        actor=cast.manager,
        facts={"reason": canary},
        told_at=timezone.now(),
    )
    Notification.objects.create(
        member=cast.manager,
        kind="change.requested",
        target_type="scorecards.changerequest",
        target_id=change.pk,
        actor=cast.lan,
        told_at=timezone.now(),
    )
    QualityFinding.objects.create(
        period=cast.period, code="weights", severity="high", scorecard=draft, numbers={"total": "50"}
    )
    QualityFinding.objects.create(
        period=cast.period, code="unused", severity="low", kpi_id=change.line.kpi.definition_id
    )
    return {"notification": notification.pk}


def _cascade(cast: Cast, version: KpiVersion, above: ScorecardLine) -> dict[str, int | str]:
    """The department's KPI takes its actual from the manager's, who has no card yet; Lan is offered a target."""
    ends = {"definition": version.definition}
    parent = OwnedKpi.objects.create(owner_kind=OwnerKind.DEPARTMENT, department=cast.department, **ends)
    child = OwnedKpi.objects.create(owner_kind=OwnerKind.MEMBER, member=cast.manager, **ends)
    link = KpiLink.objects.create(
        parent=parent, child=child, kind=LinkKind.CONTRIBUTION, rolls_up=True, valid_from=OCTOBER
    )
    apply_links(on=STORY_DAY)
    asked = OwnedKpi.objects.create(owner_kind=OwnerKind.MEMBER, member=cast.lan, **ends)
    later = Period.objects.create(kind=PeriodKind.MONTH, starts_on=DECEMBER, ends_on=datetime.date(2027, 1, 1))
    made = {"made_by": cast.manager, "offered_by": cast.manager, "weight": 20, "target": 90}
    proposal = Proposal.objects.create(owned=asked, period=later, kpi=version, state="for_owner", **made)
    step = {"kind": "offer", "target": 90, "weight": 20, "reason": version.name}
    ProposalStep.objects.create(proposal=proposal, by=cast.manager, **step)
    return {"linked_line": above.pk, "kpi_link": link.pk, "proposal": proposal.pk, "stray": _stray(cast, asked).pk}


def _reopening(cast: Cast, period: Period, canary: str, by: Member | None = None) -> PeriodReopening:
    """A wish of HR to reopen a period; confirmed by somebody, or waiting."""
    return PeriodReopening.objects.create(
        period=period,
        reason=f"Late invoice {canary}",
        asked_by=cast.hr,
        locked_at=timezone.now(),
        locked_by=cast.hr,
        state=ReopeningState.REOPENED if by else ReopeningState.WAITING,
        decided_by=by,
        decided_at=timezone.now() if by else None,
    )


def _stray(cast: Cast, child: OwnedKpi) -> KpiLink:
    """Lan came from another department in October, and helps it still."""
    before = Employment.objects.get(member=cast.lan)
    Employment.objects.filter(pk=before.pk).update(valid_from=OCTOBER)
    standing = {"position": before.position, "valid_from": before.valid_from, "valid_to": OCTOBER}
    Employment.objects.create(member=cast.lan, department=cast.other_department, **standing)
    left = OwnedKpi.objects.create(
        owner_kind=OwnerKind.DEPARTMENT, department=cast.other_department, definition=child.definition
    )
    return KpiLink.objects.create(parent=left, child=child, kind=LinkKind.SUPPORT, valid_from=OCTOBER)
