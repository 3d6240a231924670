"""Links follow a person who is transferred: entries count where the person stood on their day."""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kpiapp.models import Employment, Member, Period
from kpiapp.services.refusals import Refused
from scorecards.cascade.transfers import LeftBehind, left_behind
from scorecards.services import cascade


@transaction.atomic
def follow_move(*, member: Member, left: Employment, on: datetime.date, by: Member, today: datetime.date) -> list[str]:
    """After somebody was moved: let their links follow; what was done, or could not be, as sentences.

    The transfer decides this, not whoever records it, so nobody is refused for an agreed card of their own.
    """
    found = left_behind(on=on, members=[member.pk], replaced=left if left.pk is None else None)
    return [_follow(one, by=by, today=today, is_decided=True) for one in found]


@transaction.atomic
def mend(*, links: Sequence[LeftBehind], by: Member, today: datetime.date) -> list[str]:
    """Let links that lead to a place their person has left follow now; a sentence for each. Raises LinkRefused."""
    return [_follow(one, by=by, today=today, is_decided=False) for one in links]


def _follow(one: LeftBehind, *, by: Member, today: datetime.date, is_decided: bool) -> str:
    """End a link on the day of the transfer, and let it begin again where the person stands from then on."""
    day = _first_open_day(max(one.since, one.link.valid_from))
    names = {"kpi": one.link.child, "left": one.link.parent.owner_name, "day": date_format(day, "DATE_FORMAT")}
    cascade.end_link(link=one.link, on=day, by=by, today=today, is_decided=is_decided)
    if one.goes_to is None:
        return _("%(kpi)s no longer feeds %(left)s from %(day)s. Nobody in the new place has this KPI yet.") % names
    names["joined"] = one.goes_to.name
    refusal = ""
    for start in _starts(day):
        try:
            with transaction.atomic():
                _begin(one, start, by=by, today=today, is_decided=is_decided)
        except Refused as refused:
            refusal = refusal or str(refused)
            continue
        names["day"] = date_format(start, "DATE_FORMAT")
        return _("%(kpi)s feeds %(joined)s from %(day)s on, and no longer %(left)s.") % names
    return _("%(kpi)s no longer feeds %(left)s from %(day)s.") % names + " " + refusal


def _begin(one: LeftBehind, start: datetime.date, *, by: Member, today: datetime.date, is_decided: bool) -> None:
    assert one.goes_to is not None
    (parent,) = cascade.owned_by([one.goes_to], one.link.parent.definition_id)
    done = cascade.link_many(
        parent=parent,
        children=[one.link.child],
        kind=one.link.kind,
        valid_from=start,
        by=by,
        today=today,
        is_decided=is_decided,
    )
    for reason in done.refused:
        if not cascade.holds(parent=parent.pk, child=one.link.child_id, on=start):
            raise cascade.LinkRefused(reason)


def _first_open_day(day: datetime.date) -> datetime.date:
    """A locked period keeps the links it was counted with: the first day from this one on that lies in none."""
    locked = Period.objects.exclude(locked_at=None).filter(ends_on__gt=day).order_by("starts_on")
    for starts_on, ends_on in locked.values_list("starts_on", "ends_on"):
        if starts_on <= day:
            day = max(day, ends_on)
    return day


def _starts(day: datetime.date) -> list[datetime.date]:
    """The day itself, else the first day after the periods that run then (one may be closed to new children)."""
    running = Period.objects.filter(starts_on__lt=day, ends_on__gt=day).order_by("ends_on")
    return [day, *dict.fromkeys(running.values_list("ends_on", flat=True))]
