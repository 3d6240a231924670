"""What the tiles above a card say about tier and pay, to whom, and how each number explains itself."""

import dataclasses
import datetime
from decimal import Decimal

import pytest
from django.utils.translation import override

from kpiapp.models import Employment, Period
from kpiapp.tenancy import organization_scope
from payroll import tiles
from payroll.explain import explain_line
from payroll.models import MemberPay, PayRun, PositionPay
from payroll.services import policies, runs
from scorecards.models import CardScore, Scorecard, ScorecardLine
from tests.cast import STORY_DAY
from tests.payroll.conftest import NOON, ignore_progress, score_card, set_rates
from tests.scorecards.kit import make_kpi

WINTER = [("Top", Decimal(80), Decimal("1.5")), ("Rest", Decimal(0), Decimal("0.5"))]


@pytest.fixture
def company(an_phat):
    """A company with rates: Lan's card at 84.60 %, agreed, and Minh's at 99 %, which nobody has agreed."""
    with organization_scope(an_phat.organization):
        set_rates(an_phat)
        score_card(an_phat, an_phat.lan, "84.6")
        score_card(an_phat, an_phat.minh, "99", agreed=False)
    return an_phat


def card_of(company, member) -> Scorecard:
    return Scorecard.objects.select_related("score", "period").get(member=member)


def tiles_for(company, reader, owner) -> dict:
    """Tiles above somebody's card by the last part of the address that explains them, in English."""
    with organization_scope(company.organization), override("en"):
        found = tiles.tiles_of(card_of(company, owner), company.acting(reader))
    return {tile.url.rstrip("/").rsplit("/", 1)[1]: spaced(tile) for tile in found}


def spaced(row):
    """The texts of a tile or step with plain spaces instead of those that keep an amount on one line."""
    return row.__class__(*(part.replace("\xa0", " ") if isinstance(part, str) else part for part in values_of(row)))


def values_of(row):
    return row if isinstance(row, tuple) else [getattr(row, field.name) for field in dataclasses.fields(row)]


def why(company, reader, owner, what: str):
    """The page that explains a number of somebody's card, in English."""
    with organization_scope(company.organization):
        card = card_of(company, owner)
        reader.user.language = "en"
        reader.user.save(update_fields=["language"])
    return company.client(reader).get(company.url(f"pay/cards/{card.pk}/{what}/"))


def steps_of(response) -> dict:
    return {step.title: spaced(step) for step in explanation_of(response).steps}


def explanation_of(response):
    return spaced(response.context["explanation"])


# --- tiles ------------------------------------------------------------------------------------------------


def test_ones_own_card_shows_the_tier_and_what_the_month_would_bring(company):
    found = tiles_for(company, company.lan, company.lan)
    assert (found["tier"].value, found["tier"].small) == ("C+", "× 0.7")
    assert found["tier"].note == "5.4 points to tier B (× 0.8)"
    assert (found["estimate"].value, found["estimate"].note) == ("2,310,000 ₫", "of 3,300,000 ₫ at target")


@pytest.mark.parametrize("reader", ["manager", "strategy", "hr", "owner", "auditor", "payroll_maker"])
def test_whoever_else_sees_the_tier_and_no_amount(company, reader):
    found = tiles_for(company, getattr(company, reader), company.lan)
    assert list(found) == ["tier"]
    assert not any("₫" in text for text in (found["tier"].value, found["tier"].small, found["tier"].note))


def test_a_card_that_nobody_agreed_has_a_tier_and_no_pay_and_one_without_score_neither(company):
    assert list(tiles_for(company, company.minh, company.minh)) == ["tier"]
    with organization_scope(company.organization):
        CardScore.objects.filter(scorecard__member=company.minh).update(percent=None)
    assert tiles_for(company, company.minh, company.minh) == {}


def test_the_top_tier_says_so(company):
    with organization_scope(company.organization):
        CardScore.objects.filter(scorecard__member=company.lan).update(percent=Decimal(130))
    found = tiles_for(company, company.lan, company.lan)
    assert (found["tier"].value, found["tier"].note) == ("A+", "the top tier")
    assert found["estimate"].value == "3,960,000 ₫"


# --- why these totals ---------------------------------------------------------------------------------------


@pytest.fixture
def two_months(company) -> PayRun:
    """October locked with nobody's score, November calculated after it; the later run."""
    with organization_scope(company.organization):
        by, approver = company.acting(company.payroll_maker), company.acting(company.payroll_approver)
        october = Period.objects.create(
            kind="month", starts_on=datetime.date(2026, 10, 1), ends_on=datetime.date(2026, 11, 1)
        )
        Employment.objects.filter(member=company.minh).update(valid_from=datetime.date(2026, 11, 1))
        made = []
        for period in (october, company.period):
            run = runs.create_run(period=period, by=by)
            made.append(runs.calculate(run=run, by=by, progress=ignore_progress))
            if period == october:
                runs.lock(run=runs.approve(run=runs.submit(run=run, by=by), by=approver), by=approver)
        return made[1]


def test_every_total_of_a_run_says_what_it_sums_and_leads_to_the_lines(company, two_months):
    client, url = company.client(company.payroll_maker), company.url(f"pay/runs/{two_months.pk}/")
    company.payroll_maker.user.language = "en"
    company.payroll_maker.user.save(update_fields=["language"])
    tiles_part = client.get(url).content.decode()
    assert tiles_part.count(f'href="{url}why/"') == 4
    page = client.get(f"{url}why/")
    steps = steps_of(page)
    # Eight representatives at 15 million and two leads at 30; Lan's P2 is a tenth; her P3 is 70 % of 3.3 million.
    assert explanation_of(page).title == "Why 183,810,000 ₫?"
    people = steps["People"]
    assert (people.value, people.sources[0].label) == ("10", "10 lines")
    assert people.text == (
        "Everybody who is employed on at least one day of November 2026 has one line. October 2026 had 9: +1."
    )
    assert people.sources[0].url == f"{url}#lines"
    assert steps["Gross"].text == (
        "P1 180,000,000 ₫ + P2 1,500,000 ₫ + P3 2,310,000 ₫\n"
        "Against October 2026: (183,810,000 − 166,500,000) ÷ 166,500,000 = +10.4%, rounded half-up to two decimals"
    )
    assert steps["KPI pay (P3)"].text == (
        "Sum of P3 of 10 lines\nOf gross: 2,310,000 ÷ 183,810,000 = 1.26%, rounded half-up to two decimals"
    )
    assert "version 1, in force since 1 Jan 2000" in steps["KPI pay (P3)"].sources[1].label
    assert steps["P1 + P2"].value == "181,500,000 ₫"
    assert (steps["P1 position"].value, steps["P2 person"].value) == ("180,000,000 ₫", "1,500,000 ₫")
    assert steps["Needs a look"].sources[0].url.startswith(f"{url}?flag=")


def test_totals_are_explained_to_who_may_read_them_and_not_before_they_are_there(company, two_months):
    url = company.url(f"pay/runs/{two_months.pk}/why/")
    assert company.client(company.manager).get(url).status_code == 403
    auditor = company.client(company.auditor)
    assert auditor.get(url).context["explanation"].steps[0].value == "10"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("payroll.queries.SMALLEST_GROUP", 10)
        assert "166.500.000" not in auditor.get(url).content.decode()  # October paid nine people
        patch.setattr("payroll.queries.SMALLEST_GROUP", 11)
        assert auditor.get(url).status_code == 404
    with organization_scope(company.organization):
        december = Period.objects.create(
            kind="month", starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
        )
        draft = runs.create_run(period=december, by=company.acting(company.payroll_maker))
    maker = company.client(company.payroll_maker)
    assert maker.get(company.url(f"pay/runs/{draft.pk}/why/")).status_code == 404
    assert "no-store" in maker.get(url).headers["Cache-Control"]


# --- why this amount --------------------------------------------------------------------------------------


def test_the_estimate_is_explained_from_target_to_score(company):
    page = why(company, company.lan, company.lan, "estimate")
    steps = steps_of(page)
    assert explanation_of(page).title == "Why 2,310,000 ₫?"
    assert "no-store" in page.headers["Cache-Control"]
    pay = steps["Estimated KPI pay (P3), November 2026"]
    assert pay.value == "2,310,000 ₫"
    assert pay.text == "Target 3,300,000 ₫ × tier C+ coefficient 0.7, rounded half-up to whole VND"
    (rate,) = pay.sources
    assert rate.label == "Pay rates: Nhân viên kinh doanh, version 1, in force since 1 Jan 2026"
    tier = steps["Tier C+"]
    assert (tier.value, tier.text) == ("× 0.7", "Score 84.60% is at least 80 and under 90")
    assert [source.label for source in tier.sources] == [
        "Pay rules: Bậc thưởng mặc định, version 1, in force since 1 Jan 2000"
    ]
    assert steps["Score"].value == "84.60%"
    assert steps["Score"].sources[0].url.endswith("/why/")
    assert explanation_of(page).lift == "A score of 90% reaches tier B: +330,000 ₫."
    # Rules and rates are named to everybody, and lead on only for who may open them.
    assert (rate.url, tier.sources[0].url) == ("", "")


def test_an_amount_of_ones_own_and_a_newer_version_are_named(company):
    with organization_scope(company.organization):
        MemberPay.objects.filter(member=company.lan).update(valid_to=datetime.date(2026, 11, 1))
        MemberPay.objects.create(
            member=company.lan,
            p3_target_amount=Decimal(4_000_005),
            valid_from=datetime.date(2026, 11, 1),
            approved_at=NOON,
        )
    page = why(company, company.lan, company.lan, "estimate")
    pay = steps_of(page)["Estimated KPI pay (P3), November 2026"]
    assert pay.value == "2,800,004 ₫"  # 2,800,003.5, half up
    assert [source.label for source in pay.sources] == ["Pay rates: Lê Thị Lan, version 2, in force since 1 Nov 2026"]


@pytest.mark.parametrize(
    "reader", ["manager", "director", "strategy", "hr", "owner", "auditor", "payroll_maker", "payroll_approver"]
)
def test_nobody_else_opens_an_estimate(company, reader):
    assert why(company, getattr(company, reader), company.lan, "estimate").status_code == 404


def test_an_estimate_that_pays_nothing_says_why(company):
    page = why(company, company.minh, company.minh, "estimate")
    (step,) = steps_of(page).values()
    assert step.value == "0 ₫"
    assert step.text == "Target 3,300,000 ₫ is not paid: the scorecard is not agreed."
    with organization_scope(company.organization):
        PositionPay.objects.all().delete()
    (step,) = steps_of(why(company, company.minh, company.minh, "estimate")).values()
    assert (step.text, step.sources) == ("No KPI pay is set for the position.", ())


# --- why this tier ----------------------------------------------------------------------------------------


def test_a_tier_is_explained_without_an_amount_to_whoever_reads_the_card(company):
    page = why(company, company.manager, company.lan, "tier")
    steps = steps_of(page)
    assert explanation_of(page).title == "Why tier C+?"
    assert (steps["Tier C+"].value, steps["Tier C+"].text) == ("× 0.7", "Score 84.60% is at least 80 and under 90")
    assert steps["Score"].value == "84.60%"
    assert explanation_of(page).lift == "A score of 90% reaches tier B, × 0.8."
    assert "₫" not in page.content.decode()


def test_a_tier_names_the_version_of_the_rules_and_leads_readers_of_them_there(company):
    with organization_scope(company.organization):
        maker, approver = company.acting(company.payroll_maker), company.acting(company.payroll_approver)
        table = policies.create_tier_table(name="Winter", valid_from=datetime.date(2026, 11, 1), steps=WINTER, by=maker)
        policies.approve_tier_table(table=table, by=approver)
    (source,) = steps_of(why(company, company.auditor, company.lan, "tier"))["Tier Top"].sources
    assert source.label == "Pay rules: Winter, version 2, in force since 1 Nov 2026"
    page = company.client(company.auditor).get(source.url.partition("#")[0]).content.decode()
    assert f'id="{source.url.partition("#")[2]}"' in page
    assert steps_of(why(company, company.lan, company.lan, "tier"))["Tier Top"].sources[0].url == ""


def test_without_a_score_or_rules_there_is_no_tier_and_the_reason_is_said(company):
    with organization_scope(company.organization):
        CardScore.objects.filter(scorecard__member=company.lan).update(percent=None)
    steps = steps_of(why(company, company.lan, company.lan, "tier"))
    assert (steps["Tier"].value, steps["Tier"].text) == ("–", "There is no score yet.")


def test_a_card_that_changed_after_it_was_paid_by_is_told_apart_from_the_score_of_the_run(company):
    with organization_scope(company.organization):
        lan = card_of(company, company.lan)
        kpi = make_kpi("K", "Net new revenue")
        ScorecardLine.objects.create(scorecard=lan, kpi=kpi, weight=100, target=100)
        maker = company.acting(company.payroll_maker)
        run = runs.calculate(run=runs.create_run(period=company.period, by=maker), by=maker, progress=ignore_progress)
        line, reader = run.lines.get(member=company.lan), company.acting(company.lan)
        with override("en"):
            told = {step.title: step for step in explain_line(line, reader=reader, on=STORY_DAY).steps}
            assert "The card today" not in told
            CardScore.objects.filter(scorecard=lan).update(percent=Decimal(90))
            told = {step.title: step for step in explain_line(line, reader=reader, on=STORY_DAY).steps}
    assert (told["Score"].value, told["The card today"].value) == ("84.60%", "90.00%")
    assert list(told).index("The card today") == list(told).index("Net new revenue") - 1
