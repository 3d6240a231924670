"""Rows that an import writes, in bulk, with what it takes to put everything back."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from kpiapp.decimals import plain
from kpiapp.services.refusals import Refused
from kpiapp.text import KeyField

BATCH = 2_000


class Changes:
    """Collects what rows create and update; the caller says when which model is written."""

    def __init__(self):
        self._created: dict[type, list] = defaultdict(list)
        self._updated: dict[type, dict[int, tuple]] = defaultdict(dict)
        self._log: list[tuple] = []

    def create(self, row, instance: models.Model, *fields: str) -> None:
        """A new database row because of a file's row; `fields` are compared before it is ever taken back."""
        self._created[type(instance)].append(instance)
        self._log.append((row, instance, None, fields))

    def update(self, row, instance: models.Model, **values: Any) -> None:
        """Other values for a database row; what they were is kept with the file's row."""
        before = {name: _kept(instance, name) for name in values}
        for name, value in values.items():
            setattr(instance, name, value)
        _instance, names = self._updated[type(instance)].setdefault(id(instance), (instance, set()))
        names.update(values)
        self._log.append((row, instance, before, tuple(values)))

    def write_created(self, model: type[models.Model]) -> None:
        """Insert the collected new rows of a model; what they refer to must be written already."""
        model.objects.bulk_create(self._created.pop(model, []), batch_size=BATCH)

    def write_updated(self, model: type[models.Model]) -> None:
        """Update the collected rows of a model."""
        changed = list(self._updated.pop(model, {}).values())
        _bulk_update(model, [instance for instance, _names in changed], set().union(*(n for _i, n in changed)))

    def close(self) -> None:
        """Give every row of the file its way back; call it when all is written."""
        for row, instance, before, fields in self._log:
            after = {name: _kept(instance, name) for name in fields}
            row.undo.setdefault("changes", []).append(
                {"model": instance._meta.label_lower, "id": instance.pk, "before": before, "after": after}
            )


def undo_changes(
    rows: Sequence, *, order: Sequence[type[models.Model]], derived: Sequence[type[models.Model]] = ()
) -> None:
    """Put back what imported rows changed; `order` says which model's new rows go first, `derived` what goes along.

    Raises Refused when something was changed again since, or when something else depends on it by now.
    """
    changes = [(row, change) for row in reversed(rows) for change in reversed(row.undo.get("changes", []))]
    found = _instances([change for _row, change in changes])
    created: dict[type, dict[int, models.Model]] = defaultdict(dict)
    restored: dict[type, dict[int, tuple]] = defaultdict(dict)
    for row, change in changes:
        model = apps.get_model(change["model"])
        instance = found[model].get(change["id"])
        if instance is None or any(_kept(instance, name) != value for name, value in change["after"].items()):
            raise Refused(_changed_since(row, instance))
        if change["before"] is None:
            created[model][instance.pk] = instance
            continue
        for name, value in change["before"].items():
            _put(instance, name, value)
        _instance, names = restored[model].setdefault(instance.pk, (instance, set()))
        names.update(change["before"])
    for model, kept in restored.items():
        for pk in created[model].keys() & kept.keys():
            del kept[pk]
    # What stays lets go of what leaves; ranges that were cut grow back once there is room.
    _restore(restored, references_only=True)
    _delete(created, order, derived)
    _restore(restored, references_only=False)


def _instances(changes: Sequence[dict]) -> dict[type, dict[int, models.Model]]:
    ids = defaultdict(set)
    for change in changes:
        ids[apps.get_model(change["model"])].add(change["id"])
    return {model: {row.pk: row for row in model.objects.filter(pk__in=pks)} for model, pks in ids.items()}


def _restore(restored: dict[type, dict[int, tuple]], *, references_only: bool) -> None:
    for model, kept in restored.items():
        names = set().union(*(names for _instance, names in kept.values()))
        if references_only:
            names = {name for name in names if model._meta.get_field(name).is_relation}
        _bulk_update(model, [instance for instance, _names in kept.values()], names)


def _delete(
    created: dict[type, dict[int, models.Model]],
    order: Sequence[type[models.Model]],
    derived: Sequence[type[models.Model]],
) -> None:
    for model in order:
        ours = created[model]
        if not ours:
            continue
        own_references = [field.name for field in model._meta.fields if field.related_model is model]
        if own_references:
            model.objects.filter(pk__in=ours).update(**dict.fromkeys(own_references))
        for relation in _relations_that_hold(model, derived):
            holder = relation.related_model.objects.filter(**{f"{relation.field.name}__in": list(ours)}).first()
            if holder is not None:
                raise Refused(_depends(ours[getattr(holder, relation.field.attname)], holder))
        model.objects.filter(pk__in=ours).delete()


def _relations_that_hold(model: type[models.Model], derived: Sequence[type[models.Model]]) -> list:
    """References to a model that would be missed. A row that shares its key (a score) is its shadow and goes along."""
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created
        and not relation.concrete
        and not (relation.one_to_one and relation.field.primary_key)
        and relation.related_model not in derived
    ]


def _changed_since(row, instance: models.Model | None) -> str:
    return _("Row %(number)d: %(name)s was changed or removed since, so this import cannot be taken back.") % {
        "number": row.number,
        "name": instance if instance is not None else _("what it wrote"),
    }


def _depends(instance: models.Model, holder: models.Model) -> str:
    return _("%(name)s is in use by now (%(what)s: %(holder)s), so this import cannot be taken back.") % {
        "name": instance,
        "what": holder._meta.verbose_name,
        "holder": holder,
    }


def _bulk_update(model: type[models.Model], instances: Sequence[models.Model], names: set[str]) -> None:
    if not instances or not names:
        return
    # bulk_update() does not compute keys anew, as save() does.
    keys = [field for field in model._meta.fields if isinstance(field, KeyField) and field.source in names]
    for field in keys:
        for instance in instances:
            field.pre_save(instance, False)
    model.objects.bulk_update(instances, [*names, *(field.name for field in keys)], batch_size=BATCH)


def _kept(instance: models.Model, name: str) -> Any:
    """A value in the form JSON keeps it in; a reference by its id."""
    value = getattr(instance, instance._meta.get_field(name).attname)
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def _put(instance: models.Model, name: str, value: Any) -> None:
    field = instance._meta.get_field(name)
    python = value if field.is_relation or value is None else field.to_python(value)
    setattr(instance, field.attname, python)
