"""What several pages do in the same way: a page that is one form, the tabs of settings, links that go into mails."""

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.permissions import Permission, can


def form_page(request, form, *, title: str, submit: str, back: str, pk=None, lead: str = "", danger: bool = False):
    """A page with one form; `back` names the route of "Cancel" in the same app.

    Wrong input comes back with 422, as it was typed.
    """
    arguments = [request.organization.slug] if pk is None else [request.organization.slug, pk]
    context = {
        "form": form,
        "title": title,
        "lead": lead,
        "submit": submit,
        "back_url": reverse(f"{request.resolver_match.app_name}:{back}", args=arguments),
        "danger": danger,
    }
    return render(request, "kpiapp/form_page.html", context, status=422 if form.errors else 200)


def settings_tabs(request, current: str) -> list[dict]:
    """The pages under "Settings" that the member may open."""
    tabs = [("settings", _("Company"), Permission.ROLE_READ), ("calendar", _("Working calendar"), Permission.ROLE_READ)]
    tabs.append(("roles", _("Roles"), Permission.ROLE_READ))
    tabs.append(("tokens", _("API keys"), Permission.TOKEN_EDIT))
    pages = [(f"kpiapp:{route}", label, permission) for route, label, permission in tabs] + registry.SETTINGS_PAGES
    return [
        {
            "label": label,
            "url": reverse(route, args=[request.organization.slug]),
            "current": route.partition(":")[2] == current,
        }
        for route, label, permission in pages
        if can(request.member, permission)
    ]


def invitation_link(request):
    """A function from a token to the address that goes into the mail."""

    def link(token: str) -> str:
        return request.build_absolute_uri(reverse("accept_invitation", args=[request.organization.slug, token]))

    return link
