"""What the core app offers to the command palette: pages and people."""

import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp import queries, registry
from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from kpiapp.registry import NavigationItem, SearchHit
from kpiapp.text import search_key

PEOPLE_SHOWN = 8
# Pages that are reached through another one and so do not stand in the side bar.
INNER_PAGES = [
    NavigationItem("company", gettext_lazy("Departments"), "kpiapp:departments", "network", 46, Permission.PEOPLE_READ),
    NavigationItem("company", gettext_lazy("Positions"), "kpiapp:positions", "briefcase", 47, Permission.PEOPLE_READ),
    NavigationItem("administration", gettext_lazy("Roles"), "kpiapp:roles", "shield", 51, Permission.ROLE_READ),
    NavigationItem("administration", gettext_lazy("API keys"), "kpiapp:tokens", "key-round", 52, Permission.TOKEN_EDIT),
]


def find_pages(member: Member, query: str, on: datetime.date) -> list[SearchHit]:
    """Pages of the side bar whose name holds every word."""
    words = search_key(query).split()
    slug = member.organization.slug
    pages = sorted([*registry.NAVIGATION, *INNER_PAGES], key=lambda item: item.order)
    found = [
        item
        for item in pages
        if registry.is_shown(item, member) and all(word in search_key(str(item.label)) for word in words)
    ]
    return [SearchHit(_("Pages"), str(item.label), "", reverse(item.route, args=[slug]), item.icon) for item in found]


def find_people(member: Member, query: str, on: datetime.date) -> list[SearchHit]:
    """People by name, code or address; none without a query."""
    if not query or not can(member, Permission.PEOPLE_READ):
        return []
    found = queries.find_people(text=query, department=None, left=False, on=on)[:PEOPLE_SHOWN]
    return [
        SearchHit(
            kind=_("People"),
            label=person.name,
            detail=person.standing[0].position.name if person.standing else person.code,
            url=reverse("kpiapp:person", args=[member.organization.slug, person.pk]),
            icon="user",
        )
        for person in found
    ]
