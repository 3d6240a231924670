"""What the browser's tests need on top of the demo companies; writes a sample of every kind of row to a file.

Runs as a program of its own beside the product: `python -m tests.browser.stage samples.json`.
"""

import datetime
import json
import os
import sys
from pathlib import Path

import django

TWO_COMPANIES = "owner@an-phat.example"
TEN = 10


def main(target: str) -> None:
    """Set the stage in both companies and write down what there is to look at."""
    from django.utils import timezone

    from kpiapp.models import Organization
    from kpiapp.tenancy import organization_scope
    from tests.samples import samples

    found: dict[str, dict] = {"outside": {}}
    today = timezone.localdate()
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization):
            found[organization.slug] = samples(organization.slug, today)
            found["outside"][organization.language] = mailed_links(organization, found[organization.slug]["newcomer"])
    brightwater = Organization.objects.get(slug="brightwater")
    with organization_scope(brightwater):
        add_ten_kpis(today)
        let_in(brightwater, TWO_COMPANIES)
    Path(target).write_text(json.dumps(found))


def add_ten_kpis(today: datetime.date) -> None:
    """A newcomer, ten@brightwater.example, with ten KPIs of equal weight and nothing entered yet."""
    from django.utils import timezone

    from kpiapp.models import Employment, Member, Period, User
    from scorecards.models import Scorecard, ScorecardLine
    from scorecards.recompute import refresh_actuals, rescore_cards
    from strategy.models import KpiVersion

    colleague = Member.objects.get(email="employee@brightwater.example")
    place = Employment.objects.filter(member=colleague).last()
    user = User.objects.create(
        email="ten@brightwater.example",
        name="Ida Falk",
        password=colleague.user.password,
        language="en",
        organization_ids=colleague.user.organization_ids,
    )
    member = Member.objects.create(code="TEN", name=user.name, email=user.email, user=user)
    Employment.objects.create(
        member=member,
        department=place.department,
        position=place.position,
        manager=place.manager,
        valid_from=today.replace(day=1),
    )
    card = Scorecard.objects.create(
        period=Period.objects.get(kind="month", starts_on=today.replace(day=1)),
        owner_kind="member",
        member=member,
        state="agreed",
        agreed_at=timezone.now(),
        agreed_by=place.manager,
    )
    typed = KpiVersion.objects.filter(method="ratio", aggregation__in=["sum", "last"], target__gt=0).order_by("pk")
    lines = ScorecardLine.objects.bulk_create(
        ScorecardLine(scorecard=card, kpi=kpi, weight=100 // TEN, target=100, position=place)
        for place, kpi in enumerate(typed[:TEN])
    )
    refresh_actuals(line_ids=[line.pk for line in lines])
    rescore_cards(card_ids=[card.pk], on=today)


def let_in(organization, email: str) -> None:
    """Make somebody of another company an owner of this one, too."""
    from django.utils import timezone

    from kpiapp.models import Member, RoleGrant, User

    user = User.objects.get(email=email)
    user.organization_ids = [*user.organization_ids, organization.pk]
    user.save()
    member = Member.objects.create(code="GUEST", name=user.name, email=user.email, user=user)
    others = Member.objects.exclude(pk=member.pk)[:2]
    RoleGrant.objects.create(
        member=member,
        role="owner",
        valid_from=timezone.localdate(),
        granted_by=others[0],
        confirmed_by=others[1],
        confirmed_at=timezone.now(),
    )


def mailed_links(organization, newcomer: int) -> dict[str, dict[str, str]]:
    """Routes of links that people get by mail, with the arguments of one that works; they speak the company's words."""
    from allauth.account.forms import default_token_generator
    from allauth.account.models import EmailAddress, EmailConfirmationHMAC
    from allauth.account.utils import user_pk_to_url_str

    from kpiapp.models import Member, User
    from kpiapp.services.invitations import invite

    tokens: list[str] = []
    owner = Member.objects.get(email=f"owner@{organization.slug}.example")
    guest = Member.objects.get(pk=newcomer)
    invite(member=guest, organization=organization, link=lambda token: tokens.append(token) or token, by=owner)
    forgetful = User.objects.create_user(f"forgetful@{organization.slug}.example", "a password that was forgotten")
    address = EmailAddress.objects.create(user=forgetful, email=forgetful.email, primary=True)
    return {
        "accept_invitation": {"company": organization.slug, "token": tokens[0]},
        "account_reset_password_from_key": {
            "uidb36": user_pk_to_url_str(forgetful),
            "key": default_token_generator.make_token(forgetful),
        },
        "account_confirm_email": {"key": EmailConfirmationHMAC(address).key},
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiapp.settings")
    django.setup()
    main(sys.argv[1])
