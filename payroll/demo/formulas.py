"""Calculated KPIs of a demo company: the margin of the whole, and what a new customer brings its sales people."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from kpiapp.models import Member
from scorecards.choices import OwnerKind
from scorecards.models import Scorecard, ScorecardLine
from scorecards.recompute import rescore_cards
from strategy.choices import Aggregation
from strategy.models import KpiDefinition, KpiVersion
from strategy.services import kpis


def add_formulas(cards: Sequence[Scorecard], *, sales: str, by: Member, today: datetime.date) -> None:
    """Put calculated KPIs on the cards that have what they are made of; they are watched and do not count.

    `sales` is the code of the KPI that sales people carry.
    """
    currency = by.organization.currency
    margin = _define(_("Net profit margin"), "percent([COM-02], [COM-01])", "%", Decimal(12), "COM-02", by)
    each = _define(_("Sales per new customer"), f"[{sales}] / [STL-04]", currency, None, "STL-04", by)
    touched = _put(margin, OwnerKind.ORGANIZATION, "COM-02", cards) | _put(each, OwnerKind.MEMBER, "STL-04", cards)
    rescore_cards(card_ids=touched, on=today)


def _define(name: str, formula: str, unit: str, target: Decimal | None, rests_on: str, by: Member) -> KpiVersion:
    beside = KpiDefinition.objects.get(code=rests_on).current
    fields = {
        "name": name,
        "aggregation": Aggregation.FORMULA,
        "formula": formula,
        "unit": unit,
        "decimals": 1 if unit == "%" else 0,
        "target": target,
        "is_scored": False,
        "objective": beside.objective,
        "perspective": beside.perspective,
        "owner": beside.owner,
    }
    return kpis.create_kpi(fields=fields, by=by).current


def _put(version: KpiVersion, kind: OwnerKind, rests_on: str, cards: Sequence[Scorecard]) -> set[int]:
    ids = [card.pk for card in cards if card.owner_kind == kind]
    having = ScorecardLine.objects.filter(scorecard__in=ids, kpi__definition__code=rests_on)
    found = set(having.values_list("scorecard_id", flat=True))
    ScorecardLine.objects.bulk_create(
        ScorecardLine(
            scorecard_id=card, kpi=version, position=90, weight=Decimal(0), target=version.target, is_scored=False
        )
        for card in sorted(found)
    )
    return found
