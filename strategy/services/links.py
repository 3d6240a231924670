"""Cause links of a map: what drives what. A link never points down the map, and never leads back to where it began."""

from collections import defaultdict

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit
from strategy.choices import LinkStrength
from strategy.models import CauseLink, Objective, Perspective, StrategyMap
from strategy.paths import find_path
from strategy.services.maps import MapRefused, check_open

MAX_LAG_MONTHS = 60


class LinkRefused(MapRefused):
    """The link cannot be; the message says why."""


@transaction.atomic
def link_objectives(
    *,
    source: Objective,
    target: Objective,
    by: Member,
    strength: str = LinkStrength.MEDIUM,
    lag_months: int = 0,
) -> CauseLink:
    """Say that `source` drives `target`, this strongly, after this many months.

    Raises LinkRefused for a link to itself, a second one, a downward one, or one that closes a cycle.
    """
    strategy_map = StrategyMap.objects.select_for_update().get(pk=source.map_id)
    check_open(strategy_map)
    if target.map_id != source.map_id:
        raise LinkRefused(_("Both objectives must be on the same map."))
    if source.pk == target.pk:
        raise LinkRefused(_("“%(name)s” cannot drive itself. Choose another objective.") % {"name": source.name})
    if CauseLink.objects.filter(source=source, target=target).exists():
        names = {"source": source.name, "target": target.name}
        raise LinkRefused(_("“%(source)s” already drives “%(target)s”. Change that link instead.") % names)
    refuse_downward(source.name, source.perspective, target.name, target.perspective)
    refuse_circle(source, target)
    link = CauseLink.objects.create(
        map=strategy_map, source=source, target=target, strength=strength, lag_months=_lag(lag_months)
    )
    audit.record(action="link.add", target=source, by=by, after=_shown(link))
    return link


@transaction.atomic
def change_link(*, link: CauseLink, strength: str, lag_months: int, by: Member) -> CauseLink:
    """Change how strong a link is and how long its effect takes. Raises LinkRefused for an impossible lag."""
    check_open(link.map)
    before = _shown(link)
    link.strength, link.lag_months = strength, _lag(lag_months)
    link.save(update_fields=["strength", "lag_months"])
    audit.record(action="link.change", target=link.source, by=by, before=before, after=_shown(link))
    return link


@transaction.atomic
def unlink(*, link: CauseLink, by: Member) -> None:
    """Take a link off the map."""
    check_open(link.map)
    audit.record(action="link.remove", target=link.source, by=by, before=_shown(link))
    link.delete()


def refuse_downward(source_name: str, source: Perspective, target_name: str, target: Perspective) -> None:
    """Raises LinkRefused when the target's lane lies below the source's: causes stand below their effects."""
    if target.position > source.position:
        raise LinkRefused(
            _(
                "“%(source)s” (%(source_lane)s) cannot drive “%(target)s” (%(target_lane)s): causes stand below their"
                " effects. Draw the link the other way round."
            )
            % {
                "source": source_name,
                "source_lane": source.label,
                "target": target_name,
                "target_lane": target.label,
            }
        )


def refuse_circle(source: Objective, target: Objective) -> None:
    """Raises LinkRefused, naming the way, when the source is already driven by the target."""
    path = _path(source.map_id, target, source)
    if path:
        circle = " → ".join([*path, target.name])
        raise LinkRefused(_("This would go in a circle: %(path)s.") % {"path": circle})


def _path(map_id: int, start: Objective, goal: Objective) -> list[str]:
    """Names along a way of links from start to goal, both included; [] when there is none."""
    onwards = defaultdict(list)
    names = {start.pk: start.name, goal.pk: goal.name}
    links = CauseLink.objects.standing().filter(map=map_id).select_related("source", "target")
    for link in links.order_by("id"):
        onwards[link.source_id].append(link.target_id)
        names.update({link.source_id: link.source.name, link.target_id: link.target.name})
    return [names[pk] for pk in find_path(onwards, start.pk, goal.pk)]


def _lag(months: int) -> int:
    if not 0 <= months <= MAX_LAG_MONTHS:
        raise LinkRefused(_("The lag must be between 0 and %(max)d months.") % {"max": MAX_LAG_MONTHS})
    return months


def _shown(link: CauseLink) -> dict[str, str | int]:
    """What the audit trail tells about a link."""
    return {
        "source": link.source.name,
        "target": link.target.name,
        "strength": link.strength,
        "lag_months": link.lag_months,
    }
