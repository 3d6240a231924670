"""Signing up makes a company, invitations make logins, and both are guarded."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from kpiapp.choices import PeriodKind, Role
from kpiapp.models import Invitation, Member, Organization, Period, RoleGrant, User
from kpiapp.services import invitations
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from strategy.models import Perspective
from tests.cast import PASSWORD

SIGNUP = {
    "organization_name": "Công ty Đại Phát",
    "name": "Nguyễn Thị Mai",
    "email": "Mai@Dai-Phat.example",
    "password1": "three plain words 7",
}


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Rate limits of one test are not another's."""
    cache.clear()


class TestSignUp:
    def test_a_company_with_its_owner_and_calendar(self, db):
        response = Client().post("/accounts/signup/", SIGNUP)
        assert response.status_code == 302
        organization = Organization.objects.get(slug="cong-ty-dai-phat")
        user = User.objects.get(email="mai@dai-phat.example")
        assert user.organization_ids == [organization.pk]
        with organization_scope(organization):
            owner = Member.objects.get()
            assert (owner.name, owner.user) == ("Nguyễn Thị Mai", user)
            roles = set(RoleGrant.objects.values_list("role", flat=True))
            assert roles == {Role.OWNER, Role.HR, Role.STRATEGY}
            counts = {kind: Period.objects.filter(kind=kind).count() for kind in PeriodKind}
            assert counts == {"month": 24, "quarter": 8, "half_year": 4, "year": 2}

    def test_the_company_has_the_four_perspectives_in_its_language(self, db):
        Client().post("/accounts/signup/", SIGNUP)
        with organization_scope(Organization.objects.get(slug="cong-ty-dai-phat")):
            lanes = [(lane.kind, lane.label) for lane in Perspective.objects.order_by("position")]
        assert lanes == [
            ("financial", "Tài chính"),
            ("customer", "Khách hàng"),
            ("process", "Quy trình nội bộ"),
            ("learning", "Học hỏi và phát triển"),
        ]

    def test_the_landing_page_leads_into_the_company(self, db):
        client = Client()
        client.post("/accounts/signup/", SIGNUP)
        assert client.get("/").headers["Location"] == "/cong-ty-dai-phat/"
        assert client.get("/cong-ty-dai-phat/people/").status_code == 200

    def test_two_companies_of_one_name_get_two_addresses(self, db):
        Client().post("/accounts/signup/", SIGNUP)
        Client().post("/accounts/signup/", {**SIGNUP, "email": "lan@dai-phat.example"})
        assert Organization.objects.filter(slug="cong-ty-dai-phat-2").exists()

    def test_a_known_address_makes_no_second_account(self, an_phat):
        """And no company either; what was typed is still there."""
        response = Client().post("/accounts/signup/", {**SIGNUP, "email": "lan@an-phat.example"})
        assert "Công ty Đại Phát" in response.content.decode()
        assert Organization.objects.count() == 1

    def test_signing_up_in_bulk_is_slowed_down(self, db):
        """A machine gets no further than twenty a minute."""
        statuses = {
            Client().post("/accounts/signup/", {**SIGNUP, "email": "not an address"}).status_code for _ in range(25)
        }
        assert 429 in statuses

    @pytest.mark.parametrize("password", ["short", "password", "mai@dai-phat.example"])
    def test_weak_passwords_are_refused_and_nothing_typed_is_lost(self, db, password):
        response = Client().post("/accounts/signup/", {**SIGNUP, "password1": password})
        assert "Công ty Đại Phát" in response.content.decode()
        assert not Organization.objects.exists()


class TestConfirming:
    def test_whoever_lost_the_mail_gets_another_and_confirms_with_it(self, db):
        client = Client()
        client.post("/accounts/signup/", SIGNUP)
        mail.outbox.clear()
        cache.clear()
        assert "action_send" in client.get("/accounts/email/").content.decode()
        client.post("/accounts/email/", {"email": "mai@dai-phat.example", "action_send": ""})
        link = re.search(r"/accounts/confirm-email/\S+", mail.outbox[0].body).group()
        client.post(link)
        assert "action_send" not in client.get("/accounts/email/").content.decode()

    def test_a_dead_link_leads_to_where_a_new_one_is_asked_for(self, db):
        assert 'href="/accounts/email/"' in Client().get("/accounts/confirm-email/dead/").content.decode()


class TestSignIn:
    def test_by_e_mail_however_it_is_typed(self, an_phat):
        client = Client()
        response = client.post("/accounts/login/", {"login": "LAN@an-phat.example", "password": PASSWORD})
        assert response.status_code == 302
        assert client.get("/").headers["Location"] == "/an-phat/"

    def test_guessing_is_slowed_down(self, an_phat):
        """After five wrong passwords for an address even the right one waits."""
        client = Client()
        for _ in range(5):
            client.post("/accounts/login/", {"login": "lan@an-phat.example", "password": "wrong"})
        response = client.post("/accounts/login/", {"login": "lan@an-phat.example", "password": PASSWORD})
        assert response.status_code == 200
        assert "_auth_user_id" not in client.session

    def test_a_new_password_comes_by_mail(self, an_phat):
        client = Client()
        client.post("/accounts/password/reset/", {"email": "lan@an-phat.example"})
        path = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]
        form = client.get(path, follow=True)
        client.post(form.redirect_chain[-1][0], {"password1": "another good one 9", "password2": "another good one 9"})
        an_phat.lan.user.refresh_from_db()
        assert an_phat.lan.user.check_password("another good one 9")

    def test_several_companies_offer_a_choice(self, an_phat, binh_minh):
        user = an_phat.lan.user
        user.organization_ids = [an_phat.organization.pk, binh_minh.organization.pk]
        user.save()
        body = an_phat.client(an_phat.lan).get("/").content.decode()
        assert "/an-phat/" in body
        assert "/binh-minh/" in body

    def test_whoever_belongs_nowhere_is_told_what_to_do(self, an_phat):
        an_phat.lan.user.organization_ids = []
        an_phat.lan.user.save()
        body = an_phat.client(an_phat.lan).get("/").content.decode()
        assert "lan@an-phat.example" in body


@pytest.fixture
def newcomer(an_phat):
    """A person without a login."""
    with organization_scope(an_phat.organization):
        return Member.objects.create(code="NV900", name="Trịnh Công Vinh", email="vinh@an-phat.example")


@pytest.fixture
def invite(an_phat, newcomer, django_capture_on_commit_callbacks):
    """HR presses "Invite"; the address in the mail."""

    def press() -> str:
        with django_capture_on_commit_callbacks(execute=True):
            an_phat.client(an_phat.hr).post(an_phat.url(f"people/{newcomer.pk}/invite/"))
        return re.search(r"http://testserver(\S+)", mail.outbox[-1].body)[1]

    return press


class TestInvitations:
    def test_a_new_person_sets_a_password_and_is_in(self, an_phat, newcomer, invite):
        path, client = invite(), Client()
        assert "Trịnh Công Vinh" in client.get(path).content.decode()
        response = client.post(path, {"password": "three plain words 7"})
        assert response.headers["Location"] == "/an-phat/"
        assert client.get("/an-phat/people/").status_code == 200
        user = User.objects.get(email="vinh@an-phat.example")
        assert user.organization_ids == [an_phat.organization.pk]
        assert user.emailaddress_set.get().verified

    def test_only_the_hash_of_the_token_is_kept(self, an_phat, invite):
        token = invite().rstrip("/").rsplit("/", 1)[-1]
        with organization_scope(an_phat.organization):
            assert token not in str(Invitation.objects.values().get())

    def test_a_link_works_once(self, invite):
        path = invite()
        Client().post(path, {"password": "three plain words 7"})
        assert Client().get(path).status_code == 404

    def test_sending_again_makes_the_older_link_useless(self, invite):
        older, newer = invite(), invite()
        assert Client().get(older).status_code == 404
        assert Client().get(newer).status_code == 200

    def test_revoked_or_too_old_links_do_not_work(self, an_phat, newcomer, invite):
        path = invite()
        an_phat.client(an_phat.hr).post(an_phat.url(f"people/{newcomer.pk}/invitation/revoke/"))
        assert Client().get(path).status_code == 404
        path = invite()
        with organization_scope(an_phat.organization):
            Invitation.objects.update(expires_at=timezone.now())
        assert Client().get(path).status_code == 404

    def test_a_link_of_one_company_is_nothing_in_another(self, binh_minh, invite):
        assert Client().get(invite().replace("an-phat", "binh-minh")).status_code == 404

    def test_a_known_user_signs_in_first_and_keeps_their_password(self, an_phat, binh_minh, newcomer, invite):
        with organization_scope(an_phat.organization):
            Member.objects.filter(pk=newcomer.pk).update(email=binh_minh.lan.email)
        path = invite()
        assert Client().get(path).headers["Location"].startswith("/accounts/login/?next=")
        client = binh_minh.client(binh_minh.lan)
        client.post(path)
        user = User.objects.get(pk=binh_minh.lan.user_id)
        assert set(user.organization_ids) == {binh_minh.organization.pk, an_phat.organization.pk}
        assert user.check_password(PASSWORD)

    def test_somebody_else_cannot_take_it(self, an_phat, invite):
        path = invite()
        client = an_phat.client(an_phat.minh)
        assert client.get(path).status_code == 409
        assert client.post(path, {"password": "three plain words 7"}).status_code == 409

    def test_a_weak_password_is_refused(self, invite):
        response = Client().post(invite(), {"password": "123"})
        assert response.status_code == 422

    def test_without_an_address_there_is_no_invitation(self, an_phat, newcomer):
        with organization_scope(an_phat.organization):
            newcomer.email = ""
            newcomer.save()
            with pytest.raises(Refused, match="Trịnh Công Vinh"):
                invitations.invite(
                    member=newcomer, organization=an_phat.organization, link=str, by=an_phat.acting(an_phat.hr)
                )
