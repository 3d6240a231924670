"""What every page needs: organization, member, navigation, theme."""

from itertools import groupby

from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp import queries, registry

THEMES = ("light", "dark", "system")


def group_labels() -> dict[str, str]:
    """Groups of the side bar, in order."""
    return {"me": _("Me"), "company": _("Company"), "pay": _("Pay"), "administration": _("Administration")}


def page(request) -> dict:
    """Context of every page; empty of company matters outside an organization."""
    theme = request.COOKIES.get("theme")
    context = {"theme": theme if theme in THEMES else "system"}
    if getattr(request, "organization", None) is None:
        return context
    others = queries.organizations_of(request.user).exclude(pk=request.organization.pk)
    return {
        **context,
        "organization": request.organization,
        "member": request.member,
        "navigation": navigation(request),
        "other_organizations": others if len(request.user.organization_ids) > 1 else [],
    }


def navigation(request) -> list[dict]:
    """Groups of entries that the member may open; the current one is the longest address that fits."""
    items = [item for item in registry.NAVIGATION if registry.is_shown(item, request.member)]
    urls = {item: reverse(item.route, args=[request.organization.slug]) for item in items}
    here = [url for item, url in urls.items() if request.path == url or _is_below(request.path, url, item)]
    current = max(here, key=len, default=None)
    labels = group_labels()
    items.sort(key=lambda item: (list(labels).index(item.group), item.order))
    return [
        {
            "label": labels[group],
            "items": [
                {
                    "label": item.label,
                    "url": urls[item],
                    "icon": item.icon,
                    "current": urls[item] == current,
                    "pinned": item.pinned,
                    "short": item.short,
                }
                for item in members
            ],
        }
        for group, members in groupby(items, key=lambda item: item.group)
    ]


def _is_below(path: str, url: str, item: registry.NavigationItem) -> bool:
    """Whether a page is one of an item's; `path` begins with the organization."""
    if item.folder:
        return path.partition("/")[2].partition("/")[2].startswith(item.folder)
    return path.startswith(url) and not item.is_exact
