"""API keys."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kpiapp.forms import TokenForm
from kpiapp.models import ApiToken
from kpiapp.permissions import Permission, requires
from kpiapp.services import tokens as service
from kpiapp.services.refusals import Refused
from kpiapp.views.pages import settings_tabs


@never_cache
@requires(Permission.TOKEN_EDIT)
def tokens(request):
    """The keys there are, and a new one, whose text is shown in this answer and never again."""
    form = TokenForm(request.POST or None)
    text = ""
    if request.method == "POST" and form.run(service.create_token, by=request.member):
        _token, text = form.result
        form = TokenForm()
    context = {
        "form": form,
        "text": text,
        "tokens": ApiToken.objects.select_related("member").order_by("revoked_at", "-id"),
        "tabs": settings_tabs(request, "tokens"),
    }
    return render(request, "kpiapp/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.TOKEN_EDIT)
def token_revoke(request, pk):
    """From now on the key opens nothing."""
    try:
        service.revoke_token(token=get_object_or_404(ApiToken, pk=pk), by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The key no longer works."))
    return redirect("kpiapp:tokens", request.organization.slug)
