"""Pages with amounts: nobody but payroll roles or the person themself, and nothing stays in a cache."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.views.decorators.cache import never_cache

from kpiapp.permissions import Permission, requires
from payroll import queries


def for_pay_roles(view):
    """Open a page to those who read everybody's pay; holding the permission for oneself is not enough."""

    @requires(Permission.PAY_READ)
    @never_cache
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not queries.sees_all_pay(request.member):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
