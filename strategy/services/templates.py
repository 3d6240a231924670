"""Ready-made cards of the organization's own: sets of KPIs with weights that add up to 100."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ZERO, format_number, plain
from kpiapp.models import Member, Position
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy.models import CardTemplate, CardTemplateItem, KpiDefinition

Items = Sequence[tuple[KpiDefinition, Decimal]]


class TemplateRefused(Refused):
    """The ready-made card cannot be kept so; the message says what to change."""


@transaction.atomic
def save_template(
    *, name: str, items: Items, by: Member, position: Position | None = None, template: CardTemplate | None = None
) -> CardTemplate:
    """Keep a new ready-made card, or change one. Raises Refused."""
    name = name.strip()
    _refuse(name, items, template)
    before = {} if template is None else _told(template)
    if template is None:
        template = CardTemplate(created_by=by)
    template.name, template.position = name, position
    template.save()
    template.items.all().delete()
    CardTemplateItem.objects.bulk_create(
        CardTemplateItem(template=template, definition=definition, weight=weight, place=place)
        for place, (definition, weight) in enumerate(items)
    )
    action = "template.edit" if before else "template.create"
    audit.record(action=action, target=template, by=by, before=before, after=_told(template))
    return template


@transaction.atomic
def retire_template(*, template: CardTemplate, by: Member) -> CardTemplate:
    """Offer a ready-made card no longer; cards made from it stay as they are."""
    return _set_active(template, False, "template.retire", by)


@transaction.atomic
def restore_template(*, template: CardTemplate, by: Member) -> CardTemplate:
    """Offer a ready-made card again."""
    return _set_active(template, True, "template.restore", by)


def free_name(wanted: str) -> str:
    """The wanted name, numbered when there is one already."""
    taken = set(CardTemplate.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    if wanted not in taken:
        return wanted
    return next(name for name in (f"{wanted} {number}" for number in range(2, len(taken) + 3)) if name not in taken)


def _set_active(template: CardTemplate, active: bool, action: str, by: Member) -> CardTemplate:
    before = {"is_active": template.is_active}
    template.is_active = active
    template.save(update_fields=["is_active"])
    audit.record(action=action, target=template, by=by, before=before, after={"is_active": active})
    return template


def _refuse(name: str, items: Items, template: CardTemplate | None) -> None:
    if not name:
        raise TemplateRefused(_("Give it a name."), field="name")
    others = CardTemplate.objects.exclude(pk=template.pk if template else None)
    if others.filter(name=name).exists():
        raise TemplateRefused(_("There is a ready-made card of this name already."), field="name")
    if not items:
        raise TemplateRefused(_("Choose at least one KPI."))
    if len({definition.pk for definition, _weight in items}) < len(items):
        raise TemplateRefused(_("A KPI stands there twice."))
    if any(not ZERO <= weight <= HUNDRED for _definition, weight in items):
        raise TemplateRefused(_("A weight lies between 0 and 100."))
    total = sum((weight for _definition, weight in items), ZERO)
    if total != HUNDRED:
        shown = format_number(total, get_language() or "en")
        raise TemplateRefused(_("Weights add up to %(total)s and have to be 100.") % {"total": shown})


def _told(template: CardTemplate) -> dict:
    items = template.items.select_related("definition__current__definition")
    lines = {item.definition.current.told_name: plain(item.weight) for item in items}
    return {"name": template.name, "position": str(template.position or ""), "lines": lines}
