"""The lanes of a strategy map: every organization begins with the usual four, and makes them its own."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy.choices import MapState, PerspectiveKind
from strategy.models import CauseLink, KpiDefinition, Objective, Perspective

USUAL = (
    PerspectiveKind.FINANCIAL,
    PerspectiveKind.CUSTOMER,
    PerspectiveKind.PROCESS,
    PerspectiveKind.LEARNING,
)


class PerspectiveRefused(Refused):
    """The lanes cannot be changed so; the message says why, and what to do."""


@transaction.atomic
def ensure_perspectives() -> dict[str, Perspective]:
    """The perspectives by kind, the usual four created where they are missing (no decision, so no audit)."""
    existing = {perspective.kind: perspective for perspective in Perspective.objects.all()}
    last = max((perspective.position for perspective in existing.values()), default=-1)
    missing = [kind for kind in USUAL if kind not in existing]
    made = [Perspective(kind=kind, position=last + 1 + index) for index, kind in enumerate(missing)]
    Perspective.objects.bulk_create(made)
    return {**existing, **{perspective.kind: perspective for perspective in made}}


def start_perspectives(organization, owner) -> None:
    """Starter of a new organization (kpiapp.registry): the four perspectives. The scope is open."""
    ensure_perspectives()


@transaction.atomic
def add_perspective(*, name: str, by: Member) -> Perspective:
    """A lane of one's own at the foot of the map; one that was taken away under this name comes back."""
    everything = _lock()
    name = _free_name(name, [lane for lane in everything if lane.is_active])
    found = next((lane for lane in everything if lane.label.casefold() == name.casefold()), None)
    position = 1 + max((lane.position for lane in everything), default=-1)
    lane = found or Perspective(kind=PerspectiveKind.OWN, name=name)
    lane.position, lane.is_active = position, True
    lane.save()
    audit.record(action="perspective.add", target=lane, by=by, after={"name": lane.label})
    return lane


@transaction.atomic
def rename_perspective(*, perspective: Perspective, name: str, by: Member) -> Perspective:
    """Call a lane otherwise; one of the usual four without a name goes by its usual one."""
    others = [lane for lane in _lock() if lane.is_active and lane.pk != perspective.pk]
    before = perspective.label
    usual = perspective.kind != PerspectiveKind.OWN and name.strip() in {"", PerspectiveKind(perspective.kind).label}
    perspective.name = "" if usual else _free_name(name, others)
    perspective.save(update_fields=["name"])
    after = {"name": perspective.label}
    audit.record(action="perspective.rename", target=perspective, by=by, before={"name": before}, after=after)
    return perspective


@transaction.atomic
def move_perspective(*, perspective: Perspective, up: bool, by: Member) -> Perspective:
    """Change places with the lane above or below. Raises PerspectiveRefused when a link would then point down."""
    lanes = [lane for lane in _lock() if lane.is_active]
    here = next(index for index, lane in enumerate(lanes) if lane.pk == perspective.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(lanes):
        return perspective
    upper, lower = sorted((lanes[here], lanes[there]), key=lambda lane: lane.position)
    links = CauseLink.objects.standing().exclude(map__state=MapState.ARCHIVED)
    upwards = links.filter(source__perspective=lower, target__perspective=upper)
    turned = upwards.select_related("source", "target").first()
    if turned is not None:
        raise PerspectiveRefused(
            _("“%(source)s” drives “%(target)s”, so “%(lower)s” has to stay below “%(upper)s”. Remove that link first.")
            % {
                "source": turned.source.name,
                "target": turned.target.name,
                "lower": lower.label,
                "upper": upper.label,
            }
        )
    before = {"place": here + 1}
    upper.position, lower.position = lower.position, upper.position
    Perspective.objects.bulk_update([upper, lower], ["position"])
    after = {"place": there + 1}
    audit.record(action="perspective.move", target=perspective, by=by, before=before, after=after)
    return perspective


@transaction.atomic
def remove_perspective(*, perspective: Perspective, by: Member) -> None:
    """Take an empty lane away. Raises PerspectiveRefused while objectives stand there or KPIs belong to it."""
    lanes = [lane for lane in _lock() if lane.is_active]
    objectives = Objective.objects.standing().filter(perspective=perspective).exclude(map__state=MapState.ARCHIVED)
    # A draft's copy counts with what it stands for.
    count = len(set(objectives.values_list("name", flat=True)))
    if count:
        sentence = ngettext(
            "%(count)d objective stands in “%(name)s”, on the published map or a draft. Move it first.",
            "%(count)d objectives stand in “%(name)s”, on the published map or a draft. Move them first.",
            count,
        )
        raise PerspectiveRefused(sentence % {"count": count, "name": perspective.label})
    kpis = KpiDefinition.objects.filter(is_active=True, current__perspective=perspective).count()
    if kpis:
        sentence = ngettext(
            "%(count)d KPI belongs to “%(name)s”. Give it another perspective first.",
            "%(count)d KPIs belong to “%(name)s”. Give them another perspective first.",
            kpis,
        )
        raise PerspectiveRefused(sentence % {"count": kpis, "name": perspective.label})
    if len(lanes) == 1:
        raise PerspectiveRefused(_("A map needs at least one perspective."))
    Perspective.objects.filter(pk=perspective.pk).update(is_active=False)
    audit.record(action="perspective.remove", target=perspective, by=by, before={"name": perspective.label})


@transaction.atomic
def restore_perspective(*, perspective: Perspective, by: Member) -> Perspective:
    """Bring back a lane that was taken away, to the place it had. Raises PerspectiveRefused when its name is taken."""
    others = [lane for lane in _lock() if lane.is_active and lane.pk != perspective.pk]
    _free_name(perspective.label, others)
    perspective.is_active = True
    perspective.save(update_fields=["is_active"])
    audit.record(action="perspective.restore", target=perspective, by=by, after={"name": perspective.label})
    return perspective


def use_again(lanes: list[Perspective]) -> None:
    """Bring back lanes that an example needs."""
    Perspective.objects.filter(pk__in=[lane.pk for lane in lanes], is_active=False).update(is_active=True)


def _lock() -> list[Perspective]:
    """One change of the lanes at a time."""
    return list(Perspective.objects.select_for_update().order_by("position"))


def _free_name(name: str, others: list[Perspective]) -> str:
    name = name.strip()
    if not name:
        raise PerspectiveRefused(_("Give the perspective a name."), field="name")
    if any(other.label.casefold() == name.casefold() for other in others):
        raise PerspectiveRefused(_("There is already a perspective “%(name)s”.") % {"name": name}, field="name")
    return name
