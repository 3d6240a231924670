"""What every endpoint of the REST API shares: the member the middleware found, permissions, pages by id."""

from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kpiapp.choices import Role
from kpiapp.permissions import can


class MemberAuthentication(BaseAuthentication):
    """The middleware has already found the member, by session or by API key; a session also needs its CSRF token."""

    def authenticate(self, request: Request):
        """(user, member); the user is None behind an API key."""
        member = getattr(request._request, "member", None)
        if member is None:
            return None
        if Role.API not in member.roles:
            reason = CSRFCheck(lambda request: None).process_view(request._request, None, (), {})
            if reason:
                raise PermissionDenied("Send the CSRF token of your session.")
        return member.user, member


class IsMember(BasePermission):
    """Denied unless the view names the permission for the method and the member holds it."""

    def has_permission(self, request, view):
        """Look the method up in the view's `permissions` mapping."""
        needed = view.permissions.get(request.method)
        return request.auth is not None and needed is not None and can(request.auth, needed)


class IdPagination(CursorPagination):
    """Pages that stay correct while rows are added."""

    ordering = "id"
    page_size_query_param = "page_size"
    max_page_size = 1000
