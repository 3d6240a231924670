"""Settings of the organization."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kpiapp.forms import SettingsForm
from kpiapp.permissions import Permission, can, requires
from kpiapp.services import organizations
from kpiapp.views.pages import form_page, settings_tabs


@require_safe
@requires(Permission.ROLE_READ)
def settings(request):
    """Name, language, currency, time zone and fiscal year, to read."""
    context = {
        "may_edit": can(request.member, Permission.ORGANIZATION_EDIT),
        "fiscal_month": MONTHS[request.organization.fiscal_year_start_month],
        "tabs": settings_tabs(request, "settings"),
    }
    return render(request, "kpiapp/settings.html", context)


@requires(Permission.ORGANIZATION_EDIT)
def settings_edit(request):
    """Change them."""
    form = SettingsForm.of(request.organization, request.POST or None)
    if request.method == "POST" and form.run(
        organizations.edit_organization, organization=request.organization, on=request.today, by=request.member
    ):
        messages.success(request, _("Saved."))
        return redirect("kpiapp:settings", request.organization.slug)
    return form_page(request, form, title=_("Settings"), submit=_("Save"), back="settings")
