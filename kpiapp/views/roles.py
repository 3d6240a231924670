"""Who has which role, and the second person for those that open pay."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp import queries
from kpiapp.choices import PAY_ROLES
from kpiapp.forms import RoleGrantForm
from kpiapp.models import Member, RoleGrant
from kpiapp.permissions import Permission, can, requires
from kpiapp.services import roles as service
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in
from kpiapp.views.pages import form_page, settings_tabs


@require_safe
@requires(Permission.ROLE_READ)
def roles(request):
    """Roles that hold today or later; those that wait for a second person on top."""
    grants = RoleGrant.objects.exclude(valid_to__lte=request.today)
    grants = list(grants.select_related("member", "granted_by", "confirmed_by").order_by("role", "member__sort_key"))
    waiting = [grant for grant in grants if grant.role in PAY_ROLES and grant.confirmed_at is None]
    context = {
        "grants": [grant for grant in grants if grant not in waiting],
        "waiting": [(grant, service.may_confirm(grant, request.member)) for grant in waiting],
        "may_grant": can(request.member, Permission.ROLE_GRANT),
        "ending": set(queries.ending_pay_grants(request.today).values_list("pk", flat=True)),
        "tabs": settings_tabs(request, "roles"),
    }
    return render(request, "kpiapp/roles.html", context)


@requires(Permission.ROLE_GRANT)
def role_grant(request):
    """Give somebody a role."""
    named = id_in(request.GET.get("member", ""))
    person = Member.objects.filter(pk=named, is_active=True).first() if named else None
    # A role that ends is given again from its end on: the page of roles leads here with all but the new last day.
    initial = {
        "valid_from": request.GET.get("valid_from") or request.today,
        "member": person,
        "role": request.GET.get("role", ""),
    }
    form = RoleGrantForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(service.grant_role, by=request.member):
        if form.result.role in PAY_ROLES:
            messages.info(request, _("This role opens pay: it counts once a second person has confirmed it."))
        return redirect("kpiapp:roles", request.organization.slug)
    return form_page(request, form, title=_("Give a role"), submit=_("Give"), back="roles")


@require_POST
@requires(Permission.ROLE_CONFIRM)
def role_confirm(request, pk):
    """Be the second person."""
    _try(request, service.confirm_grant, grant=get_object_or_404(RoleGrant, pk=pk), by=request.member)
    return redirect("kpiapp:roles", request.organization.slug)


@require_POST
@requires(Permission.ROLE_GRANT)
def role_revoke(request, pk):
    """End a role today."""
    grant = get_object_or_404(RoleGrant, pk=pk)
    _try(request, service.revoke_grant, grant=grant, on=request.today, by=request.member)
    return redirect("kpiapp:roles", request.organization.slug)


def _try(request, decide, **arguments) -> None:
    try:
        decide(**arguments)
    except Refused as refusal:
        messages.error(request, str(refusal))
