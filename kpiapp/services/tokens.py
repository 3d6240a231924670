"""API keys: shown once when made, kept as a hash, revoked for good."""

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.models import ApiToken, Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused

# Makes a key that leaks into a file or a log easy to find.
PREFIX = "kpi_"


@transaction.atomic
def create_token(*, name: str, by: Member) -> tuple[ApiToken, str]:
    """A key for a machine, and its text, which nobody can see again. Entries it makes are in the maker's name."""
    name = name.strip()
    if ApiToken.objects.filter(name=name, revoked_at=None).exists():
        raise Refused(_("There is a key with this name already."), field="name")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(name=name, token_hash=hashlib.sha256(text.encode()).hexdigest(), member=by)
    audit.record(action="token.create", target=token, by=by, after={"name": name})
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Member) -> ApiToken:
    """From now on the key opens nothing."""
    if token.revoked_at:
        raise Refused(_("This key has been revoked already."))
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit.record(action="token.revoke", target=token, by=by, before={"name": token.name})
    return token
