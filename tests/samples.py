"""One row of every kind that an address can name, in a demo company: for opening every page as it looks in use."""

import datetime

from django.core.files.base import ContentFile
from django.utils import timezone

from kpiapp.choices import ImportState, JobState, PeriodKind, PeriodState, Role, RowOutcome
from kpiapp.models import (
    ApiToken,
    Department,
    Employment,
    ImportBatch,
    ImportRow,
    Job,
    Member,
    Notification,
    NumberQuestion,
    Period,
    PeriodReopening,
    Position,
    RoleGrant,
)
from payroll.models import PayExport, PayLine, PayRun, Tier, TierTable
from scorecards.choices import OwnerKind
from scorecards.models import (
    Actual,
    AssignmentDraft,
    ChangeRequest,
    DraftRow,
    EarlyWarning,
    Evidence,
    KpiLink,
    OwnedKpi,
    Proposal,
    ProposalStep,
    RollupScore,
    Scorecard,
    ScorecardLine,
)
from strategy.models import (
    CardTemplate,
    CardTemplateItem,
    CauseLink,
    Initiative,
    KpiDefinition,
    KpiNote,
    Objective,
    Perspective,
    Risk,
    StrategyMap,
    SwotItem,
)


def samples(slug: str, today: datetime.date) -> dict[str, int | str]:
    """Ids inside the open scope, by the names of tests/house/access.yaml; what a company lacks so far is added."""
    logins = {
        member.email.split("@")[0]: member for member in Member.objects.filter(email__endswith=f"@{slug}.example")
    }
    return {**_people(logins, today), **_strategy(), **_cards(logins, today), **_pay(logins, today), **_work(logins)}


def _people(logins: dict[str, Member], today: datetime.date) -> dict:
    place = Employment.objects.filter(member=logins["employee"]).last()
    newcomer = Member.objects.create(code="NEW1", name="Trịnh Khánh Vy", email="newcomer@x.example")
    Employment.objects.create(
        member=newcomer,
        department=place.department,
        position=place.position,
        manager=logins["manager"],
        valid_from=today,
    )
    gone = Member.objects.create(code="OLD1", name="Đoàn Hữu Kiên", is_active=False, deactivated_at=timezone.now())
    waiting = RoleGrant.objects.create(
        member=newcomer,
        role=Role.PAYROLL_MAKER,
        valid_from=today,
        valid_to=today + datetime.timedelta(days=90),
        granted_by=logins["hr"],
    )
    month = Period.objects.get(kind=PeriodKind.MONTH, starts_on=today.replace(day=1))
    locked = Period.objects.filter(state=PeriodState.LOCKED, kind=PeriodKind.MONTH).last()
    asked = {"reason": "Hóa đơn về muộn", "asked_by": logins["hr"], "locked_at": timezone.now()}
    PeriodReopening.objects.get_or_create(period=locked, state="waiting", defaults=asked)
    second = {"state": "reopened", "decided_by": logins["strategy"], "decided_at": timezone.now()}
    reopening = PeriodReopening.objects.create(period=month, **asked, **second)
    return {
        "member": logins["employee"].pk,
        "newcomer": newcomer.pk,
        "gone": gone.pk,
        "department": place.department_id,
        "closed_department": Department.objects.create(code="OLD", name="Chi nhánh Vinh", is_active=False).pk,
        "position": Position.objects.get(pk=place.position_id).pk,
        "period": month.pk,
        "month": month.code,
        "window": "ytd",
        "locked_period": locked.pk,
        "reopening": reopening.pk,
        "waiting_grant": waiting.pk,
        "token": ApiToken.objects.create(name="CRM", token_hash="0" * 64, member=logins["owner"]).pk,
    }


def _strategy() -> dict:
    plan = StrategyMap.objects.get(state="published")
    aim = Objective.objects.filter(map=plan).first()
    draft = StrategyMap.objects.create(name="2027")
    draft_aim = Objective.objects.create(map=draft, perspective=aim.perspective, code=aim.code, name=aim.name)
    lower = Objective.objects.create(
        map=draft, perspective=Perspective.objects.last(), code="L9", name="Một nguồn dữ liệu"
    )
    kpi = KpiDefinition.objects.first()
    work = Initiative.objects.first()
    return {
        "initiative": work.pk,
        "milestone": work.milestones.first().pk,
        "swot": SwotItem.objects.filter(objective=None).first().pk,
        "risk": Risk.objects.first().pk,
        "map": plan.pk,
        "map_version": plan.versions.first().pk,
        "draft_map": draft.pk,
        "objective": draft_aim.pk,
        "published_objective": aim.pk,
        "link": CauseLink.objects.create(map=draft, source=lower, target=draft_aim).pk,
        "perspective": aim.perspective_id,
        "card_template": _template(kpi).pk,
        "kpi_note": KpiNote.objects.order_by("pk").first().pk,
        "kpi": kpi.pk,
        "kpi_version": kpi.current_id,
    }


def _template(kpi: KpiDefinition) -> CardTemplate:
    template = CardTemplate.objects.create(name="Thẻ điểm bán hàng 2027")
    CardTemplateItem.objects.create(template=template, definition=kpi, weight=100)
    return template


def _cards(logins: dict[str, Member], today: datetime.date) -> dict:
    month = Period.objects.get(kind=PeriodKind.MONTH, starts_on=today.replace(day=1))
    card = Scorecard.objects.get(period=month, member=logins["employee"])
    lines = list(card.lines.order_by("-score__entries"))
    following = Period.objects.filter(kind=PeriodKind.MONTH, starts_on__gt=month.starts_on).first()
    draft = Scorecard.objects.create(period=following, owner_kind=OwnerKind.MEMBER, member=logins["employee"])
    draft_line = ScorecardLine.objects.create(scorecard=draft, kpi_id=lines[0].kpi_id, weight=50, target=100)
    grid = AssignmentDraft.objects.create(made_by=logins["strategy"], periods=[month.code, following.code])
    DraftRow.objects.bulk_create(
        DraftRow(
            draft=grid,
            position=place,
            owner_kind=OwnerKind.MEMBER,
            member=logins["employee"],
            kpi_id=line.kpi_id,
            cells={"weight": "20", following.code: "100"},
            wrong={"baseline": "1O"},
        )
        for place, line in enumerate(lines)
    )
    actual = Actual.objects.filter(line=lines[0]).last()
    evidence = Evidence.objects.create(
        actual=actual,
        file=ContentFile(b"1,2\n", name="crm.csv"),
        filename="crm.csv",
        content_type="text/csv",
        size=4,
        sha256="3" * 64,
        uploaded_by=logins["employee"],
    )
    change = ChangeRequest.objects.create(
        line=lines[1],
        changes={"target": {"old": str(lines[1].target), "new": "90"}},
        reason="Hai khách lớn dời đơn hàng sang tháng sau.",
        effective_on=today,
        requested_by=logins["employee"],
    )
    told = {"kind": "card.submitted", "target_type": "scorecards.scorecard", "target_id": card.pk}
    notification = Notification.objects.create(
        member=logins["employee"], actor=logins["manager"], told_at=timezone.now(), **told
    )
    link = KpiLink.objects.filter(child__member=logins["employee"]).first()
    above = link and ScorecardLine.objects.filter(owned=link.parent_id, scorecard__period=month).first()
    question = NumberQuestion.objects.create(
        about="line",
        target_id=lines[0].pk,
        shown="78%",
        text="Ba đơn hàng cuối tháng chưa có?",
        asker=logins["employee"],
    )
    return {
        "question": question.pk,
        "linked_line": above.pk if above else lines[0].pk,
        "kpi_link": getattr(link, "pk", None),
        "proposal": _proposal(logins, lines[0], following),
        "notification": notification.pk,
        "warning": _warning(logins, card, today),
        "card": card.pk,
        "assignment_draft": grid.pk,
        "draft_card": draft.pk,
        "line": lines[0].pk,
        "draft_line": draft_line.pk,
        "actual": actual.pk,
        "evidence": evidence.pk,
        "change": change.pk,
        "rollup": getattr(RollupScore.objects.first(), "pk", None),
    }


def _warning(logins: dict[str, Member], card: Scorecard, today: datetime.date) -> int:
    """One about the employee's card, which somebody has to answer."""
    values = {"kind": "no_consensus", "period": card.period, "scorecard": card, "line": None, "closed_on": None}
    found, _is_new = EarlyWarning.objects.get_or_create(
        **values, defaults={"owner": logins["employee"], "opened_on": today, "due_on": today}
    )
    return found.pk


def _proposal(logins: dict[str, Member], line: ScorecardLine, period: Period) -> int:
    """An offer that waits for the employee's answer."""
    owned, _new = OwnedKpi.objects.get_or_create(
        definition_id=line.kpi.definition_id, owner_kind=OwnerKind.MEMBER, member=logins["employee"]
    )
    by = {"made_by": logins["manager"], "offered_by": logins["manager"], "weight": 20, "target": 90}
    found = Proposal.objects.filter(owned=owned, period=period).first()
    offer = found or Proposal.objects.create(owned=owned, period=period, kpi=line.kpi, state="for_owner", **by)
    if not found:
        ProposalStep.objects.create(proposal=offer, kind="offer", target=90, weight=20, by=logins["manager"])
    return offer.pk


def _pay(logins: dict[str, Member], today: datetime.date) -> dict:
    run = PayRun.objects.filter(state="locked").first()
    proposed = TierTable.objects.create(
        name="2027", valid_from=today.replace(year=today.year + 1, month=1, day=1), made_by=logins["payroll.maker"]
    )
    for code, at_least, coefficient in (("A", 90, 1), ("B", 70, "0.7"), ("D", 0, 0)):
        Tier.objects.create(table=proposed, code=code, at_least=at_least, coefficient=coefficient)
    return {
        "run": run.pk,
        "locked_run": run.pk,
        "pay_line": PayLine.objects.get(run=run, member=logins["employee"]).pk,
        "payslip": PayLine.objects.get(run=run, member=logins["employee"]).pk,
        "pay_export": getattr(PayExport.objects.first(), "pk", None),
        "tier_table": TierTable.objects.exclude(approved_at=None).first().pk,
        "proposed_tier_table": proposed.pk,
    }


def _work(logins: dict[str, Member]) -> dict:
    night = Job.objects.filter(parent=None, arguments__has_key="on").first()
    job = night or Job.objects.create(
        key="sample",
        task="nightly",
        arguments={"on": str(timezone.localdate())},
        state=JobState.DONE,
        finished_at=timezone.now(),
        requested_by=logins["hr"],
    )
    batch = ImportBatch.objects.create(
        kind="people",
        file=ContentFile(b"code,name\nNV0001,Lan\n", name="people.csv"),
        filename="nhan-su.csv",
        sha256="2" * 64,
        columns={"code": "code", "name": "name"},
        options={"header": 0, "titles": ["code", "name"]},
        state=ImportState.CHECKED,
        counts={"create": 1, "error": 1},
        created_by=logins["hr"],
    )
    ImportRow.objects.create(batch=batch, number=2, values={"code": "NV900", "name": "Lan"}, outcome=RowOutcome.CREATE)
    ImportRow.objects.create(
        batch=batch,
        number=3,
        values={"code": "", "name": "Minh"},
        outcome=RowOutcome.ERROR,
        errors=["Mã: ô này trống. Hãy điền vào."],
    )
    return {"job": job.pk, "batch": batch.pk}
