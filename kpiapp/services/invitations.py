"""Invitations: a mailed link, good once and for a week, that gives a person in the company their login."""

import datetime
import hashlib
import secrets

from allauth.account.models import EmailAddress
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from kpiapp.models import Invitation, Member, Organization, User
from kpiapp.services import audit, organizations
from kpiapp.services.refusals import Refused

VALID_FOR = datetime.timedelta(days=7)


@transaction.atomic
def invite(*, member: Member, organization: Organization, link, by: Member) -> Invitation:
    """Mail a person a link to sign in; an older link of theirs dies. `link` turns a token into an address."""
    if not member.is_active:
        raise Refused(_("%(name)s has left. Bring them back first.") % {"name": member.name})
    if member.user_id:
        raise Refused(_("%(name)s can sign in already.") % {"name": member.name})
    if not member.email:
        raise Refused(_("Give %(name)s an e-mail address first.") % {"name": member.name})
    Invitation.objects.filter(member=member, accepted_at=None).delete()
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        member=member,
        email=member.email,
        token_hash=_digest(token),
        invited_by=by,
        expires_at=timezone.now() + VALID_FOR,
    )
    audit.record(action="invitation.send", target=member, by=by, after={"email": member.email})
    context = {"member": member, "organization": organization, "by": by, "link": link(token), "days": VALID_FOR.days}
    with override(organization.language):
        subject = _("%(company)s invites you to KPI") % {"company": organization.name}
        text = render_to_string("account/email/invitation_message.txt", context)
    transaction.on_commit(lambda: send_mail(subject, text, None, [invitation.email]))
    return invitation


@transaction.atomic
def revoke_invitation(*, member: Member, by: Member) -> int:
    """Make the open link of a person useless; returns how many there were."""
    count, _details = Invitation.objects.filter(member=member, accepted_at=None).delete()
    if count:
        audit.record(action="invitation.revoke", target=member, by=by)
    return count


def find_invitation(token: str) -> Invitation | None:
    """The open invitation behind a token, in the current scope; None when unknown, used, revoked or too old."""
    found = Invitation.objects.filter(
        token_hash=_digest(token), accepted_at=None, expires_at__gt=timezone.now(), member__is_active=True
    )
    return found.select_related("member").first()


@transaction.atomic
def accept_invitation(
    *, invitation: Invitation, organization: Organization, user: User | None = None, password: str = ""
) -> User:
    """Tie the person to a user: the signed-in one, or a new one with this password. The link is used up."""
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("member").get(pk=invitation.pk)
    member = invitation.member
    if invitation.accepted_at or member.user_id:
        raise Refused(_("This invitation has been used already. Sign in instead."))
    if user is None:
        user = _create_user(member=member, email=invitation.email, password=password, language=organization.language)
    if Member.objects.filter(user=user).exists():
        raise Refused(_("You belong to %(company)s already.") % {"company": organization.name})
    member.user = user
    member.save(update_fields=["user"])
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    organizations.join(user=user, organization=organization)
    audit.record(action="invitation.accept", target=member, by=member)
    return user


def _create_user(*, member: Member, email: str, password: str, language: str) -> User:
    """Whoever holds the link reads the mailbox: the address counts as confirmed."""
    user = User.objects.create_user(email, password, name=member.name, language=language)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
