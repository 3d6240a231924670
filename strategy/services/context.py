"""What the strategy stands on: strengths to threats, which may become objectives, and risks of objectives."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy.choices import SwotKind
from strategy.models import Objective, Perspective, Risk, RiskJudgement, StrategyMap, SwotItem
from strategy.services import objectives


class ContextRefused(Refused):
    """What was written cannot be kept so; the message says why."""


@transaction.atomic
def add_swot(*, kind: str, text: str, by: Member) -> SwotItem:
    """One more strength, weakness, opportunity or threat. Raises ContextRefused for an empty sentence."""
    if not text.strip():
        raise ContextRefused(_("Write it in one sentence."), field="text")
    item = SwotItem.objects.create(kind=SwotKind(kind), text=text.strip(), created_by=by)
    audit.record(action="swot.add", target=item, by=by, after={"kind": item.kind})
    return item


@transaction.atomic
def remove_swot(*, item: SwotItem, by: Member) -> None:
    """Take an item off the board."""
    audit.record(action="swot.remove", target=item, by=by, before={"kind": item.kind, "text": item.text})
    item.delete()


@transaction.atomic
def turn_into_objective(
    *, item: SwotItem, strategy_map: StrategyMap, perspective: Perspective, name: str, by: Member
) -> Objective:
    """An objective on a draft that answers an item. Raises ContextRefused when it has one; MapRefused as ever."""
    item = SwotItem.objects.select_for_update().get(pk=item.pk)
    if item.objective_id:
        raise ContextRefused(_("There is an objective for this already."))
    objective = objectives.add_objective(
        strategy_map=strategy_map, perspective=perspective, name=name, by=by, description=item.text
    )
    item.objective = objective
    item.save(update_fields=["objective"])
    audit.record(action="swot.answer", target=item, by=by, after={"objective": objective.name})
    return objective


@transaction.atomic
def add_risk(*, objective: Objective, on: datetime.date, by: Member, **fields: Any) -> Risk:
    """A risk of an objective: name, likelihood, impact (1 to 5), response, owner. Raises ContextRefused."""
    _check_risk(fields)
    risk = Risk.objects.create(objective=objective, **fields)
    _judge(risk, on, by)
    audit.record(action="risk.add", target=risk, by=by, after={"objective": objective.name, **_shown(risk)})
    return risk


@transaction.atomic
def change_risk(*, risk: Risk, on: datetime.date, by: Member, **fields: Any) -> Risk:
    """Judge a risk anew, which is kept, or say what is done about it. Raises ContextRefused."""
    _check_risk(fields)
    risk = Risk.objects.select_for_update(of=("self",)).select_related("owner").get(pk=risk.pk)
    before = _shown(risk)
    for name, value in fields.items():
        setattr(risk, name, value)
    risk.save()
    if (before["likelihood"], before["impact"]) != (risk.likelihood, risk.impact):
        _judge(risk, on, by)
    _record(risk, before, by)
    return risk


@transaction.atomic
def close_risk(*, risk: Risk, on: datetime.date | None, by: Member) -> Risk:
    """No risk any more from a day on, or (None) again one."""
    before = _shown(risk)
    risk.closed_on = on
    risk.save(update_fields=["closed_on"])
    _record(risk, before, by)
    return risk


def _check_risk(fields: dict[str, Any]) -> None:
    if not fields["name"].strip():
        raise ContextRefused(_("Say in a few words what may happen."), field="name")


def _judge(risk: Risk, on: datetime.date, by: Member) -> None:
    RiskJudgement.objects.create(risk=risk, judged_on=on, likelihood=risk.likelihood, impact=risk.impact, judged_by=by)


def _record(risk: Risk, before: dict, by: Member) -> None:
    audit.record_changes(action="risk.change", target=risk, by=by, before=before, after=_shown(risk))


def _shown(risk: Risk) -> dict[str, Any]:
    return {
        "name": risk.name,
        "likelihood": risk.likelihood,
        "impact": risk.impact,
        "response": risk.response,
        "owner": risk.owner.name if risk.owner else "",
        "closed_on": risk.closed_on.isoformat() if risk.closed_on else "",
    }
