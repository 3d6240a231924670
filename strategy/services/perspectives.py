"""The lanes of a strategy map: every organization begins with the usual four."""

from django.db import transaction

from strategy.choices import PerspectiveKind
from strategy.models import Perspective

USUAL = (
    PerspectiveKind.FINANCIAL,
    PerspectiveKind.CUSTOMER,
    PerspectiveKind.PROCESS,
    PerspectiveKind.LEARNING,
)


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
