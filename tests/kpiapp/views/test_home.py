"""Home: which panels a role gets, that their numbers are right, and what they ask of the database."""

import datetime
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from kpiapp import home_panels
from kpiapp.choices import JobState, PeriodKind, Role
from kpiapp.models import Employment, Job, Member, Period, RoleGrant, User
from kpiapp.services.organizations import create_organization
from kpiapp.tenancy import organization_scope
from payroll.choices import PayFlag
from payroll.models import MemberPay, PayLine, PayRun, PositionPay, TierTable
from scorecards.choices import LineState, OwnerKind, Status
from scorecards.models import Actual, CardScore, LineScore, RollupScore, Scorecard, ScorecardLine
from strategy.models import KpiDefinition, KpiVersion, Objective
from tests.cast import FAR_END, STORY_DAY
from tests.house.crowd import Crowd
from tests.house.world import CANARIES, PAY_CANARY, build_world
from tests.scorecards.clock import clock_at

BUDGET = 20
TEAM, WAITING, LOGGING = "Your team this month", "Waiting for you", "Logging this month"
NOT_READY, OPEN, NIGHT, ACCESS = "Not ready yet", "Over and still open", "Last night", "Access"
MAP, PAY, ME = "The strategy this month", "Pay of the month", "My scorecard"
RULES = "Pay rules waiting for you"
ASKED = "Questions to answer"
PANELS = {
    "director": {ME, TEAM, WAITING},
    "manager": {ME, TEAM, WAITING, ASKED},
    "hr": {ME, LOGGING, NOT_READY, NIGHT},
    "strategy": {ME, WAITING, MAP, NIGHT, ASKED},
    "owner": {ME, MAP, NIGHT, ACCESS},
    "auditor": {ME, MAP, NIGHT},
    "payroll_maker": {ME, PAY},
    "payroll_approver": {ME, PAY, RULES, ACCESS},
}


@pytest.fixture(autouse=True)
def story_clock():
    """Every page of these tests is asked for on the day of the story."""
    with clock_at():
        yield


@pytest.fixture
def world(db, settings, tmp_path):
    """A company with one of everything, and another whose rows must never show."""
    settings.MEDIA_ROOT = tmp_path
    build_world("binh-minh", "en")
    return build_world("an-phat", "en")


@pytest.fixture
def company(world):
    """Its cast alone."""
    return world[0]


def panels_of(cast, member) -> dict[str, dict]:
    """What stands on somebody's home page, by heading."""
    with organization_scope(cast.organization), translation.override("en"):
        acting = cast.acting(member)
        acting.organization = cast.organization
        return {panel.title: panel.context for panel in home_panels.page_of(acting, STORY_DAY).panels}


def action_of(cast, member):
    """The step on top of somebody's home page."""
    with organization_scope(cast.organization), translation.override("en"):
        acting = cast.acting(member)
        acting.organization = cast.organization
        return home_panels.page_of(acting, STORY_DAY).action


def visit(cast, member):
    """The page, which has to be there."""
    response = cast.client(member).get(cast.url())
    assert response.status_code == 200
    return response


class TestWhoGetsWhat:
    """Panels follow roles."""

    def test_an_employee_goes_straight_to_their_card(self, company):
        response = company.client(company.lan).get(company.url())
        assert response.status_code == 302
        assert response["Location"] == company.url("scorecards/mine/")

    @pytest.mark.parametrize("role", PANELS)
    def test_panels_of_a_role(self, company, role):
        assert set(panels_of(company, getattr(company, role))) == PANELS[role]

    @pytest.mark.parametrize("role", PANELS)
    def test_nothing_of_another_company_and_pay_for_payroll_alone(self, company, role):
        response = visit(company, getattr(company, role))
        body = response.content.decode()
        assert CANARIES["binh-minh"] not in body
        reads_pay = role.startswith("payroll")
        assert (str(PAY_CANARY) in re.sub(r"[.,]", "", body)) == reads_pay
        assert ("no-store" in response.get("Cache-Control", "")) == reads_pay

    def test_home_is_the_first_entry_and_current_on_its_own_page_only(self, company):
        client = company.client(company.manager)
        entry = f'<a href="{company.url()}"'
        assert f'{entry} aria-current="page"' in client.get(company.url()).content.decode()
        inside = client.get(company.url("scorecards/changes/")).content.decode()
        assert f"{entry}>" in inside
        assert f'{entry} aria-current="page"' not in inside

    def test_an_employee_has_no_such_entry(self, company):
        body = company.client(company.lan).get(company.url("people/")).content.decode()
        assert "Home</span>" not in body

    def test_only_reading(self, company):
        assert company.client(company.manager).post(company.url()).status_code == 405


class TestMe:
    """One's own card."""

    def test_without_a_card_the_first_step_is_offered(self, company):
        assert "You have no KPIs for November 2026 yet." in visit(company, company.hr).content.decode()

    def test_what_is_left_to_log(self, company):
        with organization_scope(company.organization):
            card = Scorecard.objects.create(
                period=company.period, owner_kind=OwnerKind.MEMBER, member=company.manager, state="draft"
            )
            versions = [KpiVersion.objects.get(), *more_kpis(2)]
            lines = [ScorecardLine.objects.create(scorecard=card, kpi=one, weight=30) for one in versions]
            LineScore.objects.create(line=lines[0], scorecard=card, entries=2)
            CardScore.objects.create(scorecard=card, percent=Decimal("84.6"), status=Status.AT_RISK)
            Actual.objects.create(line=lines[0], on=STORY_DAY, value=1, entered_by=company.manager, state="returned")
        shown = panels_of(company, company.manager)[ME]["card"]
        assert (shown.without_entry, shown.returned) == (2, 1)
        body = visit(company, company.manager).content.decode()
        assert "84.6%" in body
        assert f"/scorecards/cards/{card.pk}/why/" in body
        assert "1 entry came back to you" in body


class TestTeam:
    """Where the people below a manager stand."""

    def test_counts_add_up_to_the_team(self, company):
        with organization_scope(company.organization):
            Crowd(company, things_of(company)).add_people(3)
            CardScore.objects.filter(scorecard__member=company.lan).update(status=Status.OFF)
        team = panels_of(company, company.manager)[TEAM]
        # Lan, the newcomer, who has no card, and three more.
        assert (team["people"], team["without_card"]) == (5, 1)
        assert {row["status"]: row["value"] for row in team["statuses"] if row["value"]} == {"off": 1, "at_risk": 3}
        assert {row["kind"]: row["cards"] for row in team["warnings"]} == {"off_target": 4}

    def test_every_count_leads_to_as_many_cards(self, company):
        with organization_scope(company.organization):
            Crowd(company, things_of(company)).add_people(3)
            CardScore.objects.filter(scorecard__member=company.lan).delete()
        client = company.client(company.manager)
        body = client.get(company.url()).content.decode()
        links = re.findall(r'href="([^"]+reports=1&amp;(?:status|warning)=\w+)"', body)
        assert len(links) == 3
        shown = {link.rpartition("amp;")[2]: client.get(link.replace("&amp;", "&")).context["page"] for link in links}
        counts = {name: page.paginator.count for name, page in shown.items()}
        assert counts == {"status=at_risk": 3, "status=none": 1, "warning=off_target": 4}

    def test_who_needs_a_look_first_and_why(self, company):
        with organization_scope(company.organization):
            Crowd(company, things_of(company)).add_people(7)
            lan = Scorecard.objects.get(member=company.lan)
            CardScore.objects.filter(pk=lan.pk).update(status=Status.OFF, percent=Decimal("41.5"))
            LineScore.objects.filter(scorecard=lan).update(state=LineState.LATE)
        cards = panels_of(company, company.manager)[TEAM]["attention"]
        assert len(cards) == 5
        assert cards[0].pk == lan.pk
        assert cards[0].late == 1
        assert {card.state for card in cards[1:]} == {"draft"}
        body = visit(company, company.manager).content.decode()
        assert "off target · 1 entry is late" in body
        assert f'href="{company.url(f"scorecards/cards/{lan.pk}/")}"' in body

    def test_someone_elses_team_is_not_counted(self, company):
        with organization_scope(company.organization):
            Scorecard.objects.create(
                period=company.period, owner_kind=OwnerKind.MEMBER, member=company.minh, state="draft"
            )
        assert company.minh.pk not in {
            card.member_id for card in panels_of(company, company.manager)[TEAM]["attention"]
        }

    def test_the_step_is_to_approve_what_waits(self, company):
        waiting = panels_of(company, company.manager)[WAITING]["counts"]
        assert waiting == {"entries": 1, "cards": 0, "changes": 1}
        action = action_of(company, company.manager)
        assert (action.label, action.url) == ("Approve 1 entry", company.url("scorecards/approvals/"))
        with organization_scope(company.organization):
            Actual.objects.update(state="approved", decided_by=company.manager, decided_at=timezone.now())
        assert action_of(company, company.manager).label == "Decide 1 change"


class TestHumanResources:
    """The month of HR."""

    def test_logging_by_department(self, company):
        with organization_scope(company.organization):
            crowd = Crowd(company, things_of(company))
            crowd.add_people(2)
            LineScore.objects.filter(scorecard__member=company.lan).update(entries=0)
        logging = panels_of(company, company.hr)[LOGGING]
        assert [(row["department"], row["logged"], row["lines"]) for row in logging["rows"]] == [
            (company.department.pk, 2, 3)
        ]
        assert (logging["logged"], logging["lines"]) == (2, 3)

    def test_a_move_in_the_month_counts_a_card_once(self, company):
        with organization_scope(company.organization):
            moved = STORY_DAY - datetime.timedelta(days=5)
            Employment.objects.filter(member=company.lan, valid_to=None).update(valid_to=moved)
            Employment.objects.create(
                member=company.lan, department=company.other_department, position=company.position, valid_from=moved
            )
        rows = panels_of(company, company.hr)[LOGGING]["rows"]
        assert [(row["department"], row["lines"]) for row in rows] == [(company.other_department.pk, 1)]

    def test_cards_and_people_that_are_not_ready(self, company):
        ready = panels_of(company, company.hr)[NOT_READY]
        assert (ready["drafts"], ready["submitted"]) == (1, 0)
        # Everybody but Lan; the newcomer came last.
        assert ready["joiners_total"] == 10
        assert ready["joiners"][0].member.code == "NV901"
        assert len(ready["joiners"]) == 5

    def test_a_month_that_is_over_can_be_locked_or_says_why_not(self, company):
        with organization_scope(company.organization):
            september = Period.objects.create(
                kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 9, 1), ends_on=datetime.date(2026, 10, 1)
            )
        # Nobody was measured in it yet.
        assert OPEN not in panels_of(company, company.hr)
        with organization_scope(company.organization):
            Scorecard.objects.create(
                period=september, owner_kind=OwnerKind.DEPARTMENT, department=company.department, state="draft"
            )
        assert action_of(company, company.hr).label == "Lock September 2026"
        with organization_scope(company.organization):
            Period.objects.create(
                kind=PeriodKind.QUARTER, starts_on=datetime.date(2026, 7, 1), ends_on=datetime.date(2026, 10, 1)
            )
            card = Scorecard.objects.create(
                period=september, owner_kind=OwnerKind.MEMBER, member=company.lan, state="draft"
            )
            CardScore.objects.create(scorecard=card, is_blocked=True)
        context = panels_of(company, company.hr)[OPEN]
        assert context["first"] == september
        assert len(context["blockers"]) == 1
        assert action_of(company, company.hr) is None
        assert "September 2026: one thing keeps it open" in visit(company, company.hr).content.decode()

    def test_what_the_last_night_did(self, company):
        with organization_scope(company.organization):
            night = Job.objects.create(
                key="night:2026-11-20",
                task="night",
                state=JobState.DONE,
                started_at=timezone.now(),
                finished_at=timezone.now(),
                result={"cards": 120, "cards_changed": 17},
            )
        body = visit(company, company.hr).content.decode()
        assert f'href="{company.url(f"scorecards/nights/{night.pk}/")}">17</a>' in body
        assert "of 120 looked at" in body


class TestPay:
    """The month's run, for those who read everybody's pay."""

    def test_who_has_to_do_what(self, company):
        maker, approver = company.payroll_maker, company.payroll_approver
        assert action_of(company, maker).label == "Send November 2026 for approval"
        assert action_of(company, approver).label == "Approve 1 pay rate of a position"
        with organization_scope(company.organization):
            PayLine.objects.filter(run__state="calculated").update(flag=PayFlag.NO_SCORE)
        assert action_of(company, maker).label == "Review 1 person"
        with organization_scope(company.organization):
            run = PayRun.objects.get(state="calculated")
            PayRun.objects.filter(pk=run.pk).update(state="submitted", submitted_by=maker, submitted_at=timezone.now())
        assert action_of(company, maker) is None
        assert action_of(company, approver).label == "Approve November 2026"

    def test_the_first_click_of_the_month_starts_the_run(self, company):
        with organization_scope(company.organization):
            PayLine.objects.filter(run__state="calculated").delete()
            PayRun.objects.filter(state="calculated").delete()
        action = action_of(company, company.payroll_maker)
        assert action.label == "Calculate November 2026"
        response = company.client(company.payroll_maker).post(action.url, dict(action.fields))
        assert response.status_code == 302
        with organization_scope(company.organization):
            assert PayRun.objects.filter(period=company.period).exists()

    def test_rules_that_somebody_else_proposed_wait_for_the_approver(self, company):
        maker, approver = company.payroll_maker, company.payroll_approver
        with organization_scope(company.organization):
            for member, by in ((company.minh, maker), (company.lan, maker), (approver, maker), (company.hr, approver)):
                MemberPay.objects.create(member=member, p2_coefficient=2, valid_from=FAR_END, made_by=by)
        steps = panels_of(company, approver)[RULES]["waiting"]
        assert [(step.label, step.url) for step in steps] == [
            ("Approve 1 pay rate of a position", company.url("pay/rules/positions/")),
            # Neither their own pay nor what they proposed.
            ("Approve 2 pay rates of people", company.url("pay/rules/people/")),
            ("Approve 1 tier table", company.url("pay/rules/tiers/")),
        ]
        assert 'href="/an-phat/pay/rules/people/"' in visit(company, approver).content.decode()
        assert RULES not in panels_of(company, maker)
        with organization_scope(company.organization):
            MemberPay.objects.filter(approved_at=None).delete()
            PositionPay.objects.filter(approved_at=None).delete()
            TierTable.objects.filter(approved_at=None).update(made_by=approver)
        assert RULES not in panels_of(company, approver)
        assert action_of(company, approver).label == "Confirm roles"

    def test_the_oldest_open_month_comes_first(self, company):
        with organization_scope(company.organization):
            september = Period.objects.create(
                kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 9, 1), ends_on=datetime.date(2026, 10, 1)
            )
            PayRun.objects.create(period=september, made_by=company.payroll_maker)
        assert panels_of(company, company.payroll_maker)[PAY]["run"].period == september
        assert action_of(company, company.payroll_maker).label == "Calculate September 2026"

    def test_the_last_locked_month_with_its_total(self, company):
        last = panels_of(company, company.payroll_approver)[PAY]["last_locked"]
        assert (last.period.code, last.gross_total) == ("2026-10", PAY_CANARY)


class TestStrategy:
    """The map in numbers."""

    def test_objectives_by_status_and_the_ones_off_target(self, company):
        with organization_scope(company.organization):
            objective = Objective.objects.get(map__state="published", code="F1")
            RollupScore.objects.create(
                period=company.period, kind="objective", objective=objective, percent=55, parts=1, status=Status.OFF
            )
            more_kpis(2)
        context = panels_of(company, company.strategy)[MAP]
        lanes = [{row["status"]: row["value"] for row in lane.statuses if row["value"]} for lane in context["lanes"]]
        assert lanes == [{"off": 1}, {"none": 1}]
        assert [(one.pk, score.percent) for one, score in context["off"]] == [(objective.pk, Decimal(55))]
        assert (context["orphans"], len(context["orphans_named"])) == (2, 2)

    def test_who_may_come_in(self, company):
        counts = panels_of(company, company.owner)[ACCESS]["counts"]
        assert counts == {"without_login": 1, "invited": 1, "grants": 1, "keys": 1, "ending": 0}


class TestNewCompany:
    """A founder on the first day."""

    @pytest.fixture
    def founded(self, db):
        """A company right after sign-up."""
        user = User.objects.create(email="founder@new.example", name="Mai", language="en")
        organization = create_organization(name="New Ltd", owner=user, owner_name="Mai", on=STORY_DAY, language="en")
        return organization, user

    def test_four_first_steps(self, founded, client):
        organization, user = founded
        client.force_login(user)
        response = client.get(f"/{organization.slug}/")
        body = response.content.decode()
        page = response.context["page"]
        assert [step.is_done for step in page.panels[0].context["steps"]] == [False] * 4
        assert page.action.label == "Draw the map"
        for address in ("strategy/map/", "strategy/library/", "imports/"):
            assert f'href="/{organization.slug}/{address}"' in body

    def test_steps_go_away_once_done(self, company):
        assert "First steps" not in panels_of(company, company.strategy)


class TestQueries:
    """A fixed number of questions."""

    @pytest.mark.parametrize("role", [*PANELS, "everything"])
    def test_few_and_the_same_for_more_rows(self, world, role):
        cast, things = world
        member = everything(cast) if role == "everything" else getattr(cast, role)
        client, counts = cast.client(member), []
        for people, rows in ((0, 1), (2, 2), (10, 3)):
            with organization_scope(cast.organization):
                crowd = Crowd(cast, things)
                crowd.number = 100 * len(counts)
                crowd.add_people(people)
                crowd.add_rows(rows)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(cast.url()).status_code == 200
            counts.append([query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]])
        sizes = [len(statements) for statements in counts]
        assert len(set(sizes)) == 1, sizes
        assert sizes[0] <= BUDGET, "\n".join(statement[:200] for statement in counts[0])


def everything(cast) -> Member:
    """The manager with every role there is."""
    with organization_scope(cast.organization):
        for role in (Role.OWNER, Role.HR, Role.STRATEGY, Role.AUDITOR, Role.PAYROLL_MAKER, Role.PAYROLL_APPROVER):
            RoleGrant.objects.create(
                member=cast.manager,
                role=role,
                valid_from=STORY_DAY,
                valid_to=FAR_END,
                granted_by=cast.director,
                confirmed_by=cast.lan,
                confirmed_at=timezone.now(),
            )
    return cast.manager


def more_kpis(count: int) -> list[KpiVersion]:
    """KPIs that serve no objective."""
    found = []
    for number in range(count):
        definition = KpiDefinition.objects.create(code=f"X{number}", name=f"Extra {number}")
        version = KpiVersion.objects.create(definition=definition, number=1, name=definition.name)
        KpiDefinition.objects.filter(pk=definition.pk).update(current=version)
        found.append(version)
    return found


def things_of(cast) -> dict:
    """The ids a crowd builds on."""
    job = Job.objects.get(task="house")
    run = PayRun.objects.get(state="calculated")
    version = KpiVersion.objects.get()
    return {"kpi": version.definition_id, "kpi_version": version.pk, "job": job.pk, "run": run.pk}
