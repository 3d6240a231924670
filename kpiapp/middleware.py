"""Turns an address into an organization and a member, and runs the view inside that organization's scope."""

import hashlib
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, JsonResponse
from django.utils import timezone, translation

from kpiapp import queries
from kpiapp.choices import Role
from kpiapp.models import ApiToken, Member, Organization
from kpiapp.tenancy import scope_of_first

# No text for the database, and nothing anybody types into an address; forms refuse it by themselves.
NUL = "%00"


class OrganizationMiddleware:
    """Wall one: the address names the organization; whoever is no member of it gets 404, as if it were not there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.organization = request.member = None
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        """Run a view of an organization (its route has <organization>) in one transaction with its scope open."""
        if "organization" not in kwargs:
            return None
        if NUL in request.META["QUERY_STRING"]:
            raise BadRequest
        slug, is_api = kwargs.pop("organization"), request.path_info.startswith("/api/")
        token = _bearer_token(request) if is_api else ""
        if not request.user.is_authenticated and not token:
            return _unauthenticated(request, is_api)
        with scope_of_first(Organization.objects.filter(slug=slug, is_active=True)) as organization:
            if organization is None:
                return _not_found(is_api)
            return self._in_scope(request, organization, token, lambda: view(request, *args, **kwargs))

    def _in_scope(self, request, organization, token, view):
        is_api = request.path_info.startswith("/api/")
        with timezone.override(ZoneInfo(organization.time_zone)):
            today = timezone.localdate()
            member = _member_of_token(token, today) if token else queries.find_member(request.user, today)
            if member is None:
                return _not_found(is_api)
            member.organization = organization
            request.organization, request.member, request.today = organization, member, today
            if member.user_id and not token:
                translation.activate(member.user.language)
                request.LANGUAGE_CODE = translation.get_language()
            response = view()
            # Lazy responses read the database while they render: that belongs inside the scope.
            return response.render() if hasattr(response, "render") and callable(response.render) else response


def _bearer_token(request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _member_of_token(token: str, today) -> Member | None:
    """The member behind an API key, holding the API role and nothing else: keys never open pay."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    key = ApiToken.objects.filter(token_hash=digest, revoked_at=None, member__is_active=True)
    key = key.select_related("member").first()
    if key is None:
        return None
    if key.last_used_on != today:
        ApiToken.objects.filter(pk=key.pk).update(last_used_on=today)
    key.member.roles = frozenset({Role.API})
    return key.member


def _not_found(is_api: bool):
    if is_api:
        return JsonResponse({"detail": "Not found."}, status=404)
    raise Http404


def _unauthenticated(request, is_api: bool):
    if is_api:
        return JsonResponse({"detail": "Send an API key: Authorization: Bearer …"}, status=401)
    return redirect_to_login(request.get_full_path())
