"""Pages of a user outside any organization: where to land, language."""

from django.conf import settings
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from kpiapp import queries


def landing(request):
    """To the sign-in page, to the only organization, or to a choice between several."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    organizations = list(queries.organizations_of(request.user))
    if len(organizations) == 1:
        return redirect("kpiapp:home", organizations[0].slug)
    return render(request, "kpiapp/organization_list.html", {"organizations": organizations})


@require_POST
def set_language(request):
    """Remember the language for the user, or for this browser when nobody is signed in; back to the page."""
    language = request.POST.get("language")
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = redirect(target)
    if language in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
        translation.activate(language)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=60 * 60 * 24 * 365, samesite="Lax")
    return response
