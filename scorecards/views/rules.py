"""Settings: what the company asks of its cards."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kpiapp.permissions import Permission, can, requires
from kpiapp.views.pages import settings_tabs
from scorecards.models import card_rules
from scorecards.services.rules import set_card_rules
from scorecards.settings_forms import CardRulesForm


@requires(Permission.ROLE_READ)
@require_safe
def rules(request):
    """The rules, to read."""
    context = {
        "rules": card_rules(),
        "may_edit": can(request.member, Permission.ORGANIZATION_EDIT),
        "tabs": settings_tabs(request, "card_rules"),
    }
    return render(request, "scorecards/rules.html", context)


@requires(Permission.ORGANIZATION_EDIT)
def rules_edit(request):
    """Change them."""
    form = CardRulesForm.of(card_rules(), request.POST or None)
    if request.method == "POST" and form.run(set_card_rules, by=request.member):
        messages.success(request, _("Saved. They count for cards that are not agreed yet."))
        return redirect("scorecards:card_rules", request.organization.slug)
    return render(request, "scorecards/rules_edit.html", {"form": form}, status=422 if form.errors else 200)
