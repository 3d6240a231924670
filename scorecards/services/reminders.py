"""Reminders of every night: values that are missing, step by step up the ladder; entries and warnings that wait.

Each step of the ladder is told once, also when nights were missed or are run again: whoever was told of a step knows it
by its day.
"""

import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodState
from kpiapp.models import Member, Organization, Period
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import current_organization_id
from scorecards import notices, recipients
from scorecards.choices import CLOCK_DAYS, LineState, RemindWho
from scorecards.models import ReminderLadder, Scorecard, clock_days, ladder

# Longer after its last day than this nobody is reminded of a period any more, and no step may lie further away.
LONGEST_DAYS = 31
LONGEST_CLOCK_DAYS = 92
# Entries that wait are named again after this many days.
WAITING_EVERY_DAYS = 3

KINDS = {
    RemindWho.OWNER: notices.VALUES_MISSING,
    RemindWho.MANAGER: notices.VALUES_MISSING_TEAM,
    RemindWho.HEAD: notices.VALUES_MISSING_UNIT,
}

# Cards with a value that somebody has to enter and has not, and the three people of the ladder.
_MISSING = """
SELECT c.id, coalesce(c.member_id, d.head_id, %(office)s) AS owner,
       coalesce(e.manager_id, above.head_id) AS manager,
       CASE WHEN unit.head_id IS DISTINCT FROM c.member_id THEN unit.head_id ELSE over_unit.head_id END AS head
FROM scorecards_scorecard c
LEFT JOIN kpiapp_department d ON d.organization_id = c.organization_id AND d.id = c.department_id
LEFT JOIN kpiapp_department above ON above.organization_id = c.organization_id AND above.id = d.parent_id
LEFT JOIN kpiapp_employment e ON e.organization_id = c.organization_id AND e.member_id = c.member_id
    AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
LEFT JOIN kpiapp_department unit ON unit.organization_id = c.organization_id AND unit.id = e.department_id
LEFT JOIN kpiapp_department over_unit
    ON over_unit.organization_id = c.organization_id AND over_unit.id = unit.parent_id
WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s AND c.state <> 'draft' AND EXISTS (
    SELECT 1 FROM scorecards_scorecardline l
    JOIN scorecards_linescore s ON s.organization_id = l.organization_id AND s.line_id = l.id
    WHERE l.organization_id = c.organization_id AND l.scorecard_id = c.id AND l.is_scored AND l.waived_reason = ''
      AND NOT l.takes_children AND s.entries = 0 AND s.state = ANY(%(missing)s))
"""

# Entries of the day before and earlier that nobody has decided on, by who would: never the one who entered them. Where
# nobody would, no entry is looked for.
_WAITING = """
WITH placed AS (
    SELECT c.id, c.period_id, coalesce(e.manager_id, d.head_id, %(office)s) AS who
    FROM scorecards_scorecard c
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id AND p.state = 'open'
    LEFT JOIN kpiapp_department d ON d.organization_id = c.organization_id AND d.id = c.department_id
    LEFT JOIN kpiapp_employment e ON e.organization_id = c.organization_id AND e.member_id = c.member_id
        AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
    WHERE c.organization_id = %(organization)s
), card AS MATERIALIZED (SELECT * FROM placed WHERE who IS NOT NULL)
SELECT DISTINCT who, period_id FROM card WHERE EXISTS (
    SELECT 1 FROM scorecards_scorecardline l
    JOIN scorecards_actual a ON a.organization_id = l.organization_id AND a.line_id = l.id
    WHERE l.organization_id = %(organization)s AND l.scorecard_id = card.id AND a.state = 'recorded'
      AND a.entered_at < %(on)s::timestamptz AND a.entered_by_id IS DISTINCT FROM card.who)
"""

# Whoever got a warning this night, or let the day of one pass.
_WARNED = """
SELECT m.id FROM kpiapp_member m WHERE m.organization_id = %(organization)s AND m.user_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM scorecards_earlywarning w
    WHERE w.organization_id = %(organization)s AND w.owner_id = m.id AND w.closed_on IS NULL AND w.state = 'open'
      AND (w.opened_on = %(on)s OR w.reopened_on = %(on)s OR w.due_on = %(yesterday)s))
"""


def remind_in_the_night(organization: Organization, job, on: datetime.date) -> None:
    """A step of the night: everything that somebody is reminded of on a day."""
    remind_of_missing_values(on=on)
    remind_of_waiting_entries(on=on)
    tell_of_warnings(on=on)


@transaction.atomic
def remind_of_missing_values(*, on: datetime.date) -> int:
    """Tell the owners of cards, their managers and heads, as far up the ladder as the day has come; how many."""
    steps, told = ladder(), 0
    since = on - datetime.timedelta(days=LONGEST_DAYS)
    near = on + datetime.timedelta(days=LONGEST_DAYS)
    periods = Period.objects.filter(state=PeriodState.OPEN, starts_on__lte=on, ends_on__gt=since, ends_on__lte=near)
    for period in periods:
        reached = {who: day for who in RemindWho if (day := _step_on(steps.get(who, []), period.last_day, on))}
        found = _missing(period, on) if reached else []
        for who, day in reached.items():
            index = 1 + list(RemindWho).index(who)
            rows = [(row[index], row[0], day) for row in found if row[index]]
            told += notifications.remind(kind=KINDS[who], model=Scorecard, steps=rows)
        if reached:
            _settle(period, {row[0] for row in found})
    return told


def _step_on(steps: list[int], last_day: datetime.date, on: datetime.date) -> datetime.date | None:
    """The day of the latest step that has come; None before the first."""
    days = [last_day + datetime.timedelta(days=step) for step in steps]
    return max((day for day in days if day <= on), default=None)


def _missing(period: Period, on: datetime.date) -> list[tuple]:
    parameters = {
        "organization": current_organization_id(),
        "period": period.pk,
        "on": on,
        "office": _office(on),
        "missing": [str(LineState.NOT_DUE), str(LineState.LATE)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, parameters)
        return cursor.fetchall()


def _settle(period: Period, missing: set[int]) -> None:
    """Cards that have all their values wait no more."""
    complete = Scorecard.objects.filter(period=period).exclude(pk__in=missing).only("pk", "organization_id")
    notifications.settle(kinds=list(KINDS.values()), targets=list(complete))


@transaction.atomic
def remind_of_waiting_entries(*, on: datetime.date) -> int:
    """Tell whoever would approve them that entries wait, once and then every few days; how many were told."""
    step = datetime.date.fromordinal(on.toordinal() // WAITING_EVERY_DAYS * WAITING_EVERY_DAYS)
    parameters = {"organization": current_organization_id(), "on": on, "office": _office(on)}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, parameters)
        rows = [(who, period_id, step) for who, period_id in cursor.fetchall()]
    return notifications.remind(kind=notices.ENTRIES_WAIT, model=Period, steps=rows)


@transaction.atomic
def tell_of_warnings(*, on: datetime.date) -> int:
    """Tell the owners of warnings that were opened this night, or whose day has passed; one line each."""
    yesterday = on - datetime.timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(_WARNED, {"organization": current_organization_id(), "on": on, "yesterday": yesterday})
        rows = [(owner_id, owner_id, on) for (owner_id,) in cursor.fetchall()]
    return notifications.remind(kind=notices.WARNINGS_MINE, model=Member, steps=rows)


def _office(on: datetime.date) -> int | None:
    return next(iter(recipients.strategy_office_ids(on)), None)


@transaction.atomic
def set_ladder(*, steps: dict[str, list[int]], by: Member) -> ReminderLadder:
    """When people are reminded, in days around the last day of a period. Raises Refused."""
    if any(abs(day) > LONGEST_DAYS for days in steps.values() for day in days):
        raise Refused(_("A reminder lies at most %(days)d days before or after the last day.") % {"days": LONGEST_DAYS})
    before = ladder()
    row = ReminderLadder.objects.first() or ReminderLadder()
    row.steps = {who.value: sorted(set(steps.get(who, []))) for who in RemindWho}
    row.save()
    audit.record(action="reminder.edit", target=row, by=by, before={"steps": before}, after={"steps": row.steps})
    return row


@transaction.atomic
def set_clocks(*, days: dict[str, int], by: Member) -> ReminderLadder:
    """How many days whoever owns a warning has, by kind; for those that open from now on. Raises Refused."""
    if any(not 0 < count <= LONGEST_CLOCK_DAYS for count in days.values()):
        raise Refused(_("Give between 1 and %(days)d days.") % {"days": LONGEST_CLOCK_DAYS})
    before = clock_days()
    row = ReminderLadder.objects.first() or ReminderLadder()
    # Only what differs from the usual is kept: the usual may change.
    row.clocks = {kind.value: days[kind] for kind, usual in CLOCK_DAYS.items() if days.get(kind, usual) != usual}
    row.save()
    changed = {kind: count for kind, count in clock_days().items() if count != before[kind]}
    old = {kind: before[kind] for kind in changed}
    audit.record(action="warning.clock", target=row, by=by, before=old, after=changed)
    return row
