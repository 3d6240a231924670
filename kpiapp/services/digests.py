"""Mails about what waits: one digest a day at most, in the reader's language; at once only what is urgent.

A mail's row is written and committed before it is sent, so a mail is never sent twice; what became of it is written
afterwards. It says what the inbox says, as its reader may see it at that moment, without details and without amounts.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from kpiapp import inbox, queries
from kpiapp.choices import DigestRhythm, MailState, Weekday
from kpiapp.models import Job, Mail, Member, Notification, Organization
from kpiapp.models.notification import MORNING
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope

DIGESTS, PART, END = "notifications.digests", "notifications.part", "notifications.end"
MEMBERS_PER_PART = 200
THINGS_SHOWN = 30


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out: the row it belongs to, to whom, and its words."""

    mail_id: int
    to: str
    subject: str
    text: str
    html: str


def start_digests(*, now: datetime.datetime) -> int:
    """Ask for the digests of every organization in which somebody's hour has come; how many organizations."""
    return sum(_start_one(organization, now) for organization in Organization.objects.filter(is_active=True))


def _start_one(organization: Organization, now: datetime.datetime) -> bool:
    local = now.astimezone(ZoneInfo(organization.time_zone))
    with organization_scope(organization):
        key = f"digests:{local.date()}:{local.hour:02}"
        if Job.objects.filter(key=key).exists() or not due_members(local.date(), local.hour).exists():
            return False
        jobs.enqueue(task=DIGESTS, key=key, arguments={"on": local.date().isoformat(), "hour": local.hour})
    return True


def due_members(on: datetime.date, hour: int) -> QuerySet[Member]:
    """Who is to get a digest: something unread was not mailed yet, their hour has come, and none went out today."""
    waits = _mailable().filter(member=OuterRef("pk"), is_urgent=False)
    preference = "notification_preference"
    rhythm = Coalesce(f"{preference}__rhythm", Value(DigestRhythm.DAILY.value))
    return (
        Member.objects.filter(is_active=True, user__is_active=True)
        .annotate(
            rhythm=rhythm,
            mail_hour=Coalesce(f"{preference}__hour", Value(MORNING), output_field=IntegerField()),
            mail_day=Coalesce(f"{preference}__weekday", Value(Weekday.MONDAY.value), output_field=IntegerField()),
        )
        .filter(
            Q(rhythm=DigestRhythm.DAILY) | Q(rhythm=DigestRhythm.WEEKLY, mail_day=on.weekday()), mail_hour__lte=hour
        )
        .filter(Exists(waits))
        .exclude(Exists(Mail.objects.filter(member=OuterRef("pk"), on=on, notification=None)))
    )


def _mailable() -> QuerySet[Notification]:
    """Unread, not mailed yet, and of a kind that its reader wants in mails."""
    unwanted = Func(
        F("member__notification_preference__not_mailed"),
        F("kind"),
        function="array_position",
        output_field=IntegerField(),
    )
    return Notification.objects.filter(read_at=None, mailed_at=None).alias(unwanted=unwanted).filter(unwanted=None)


def plan(job: Job) -> dict:
    """Hand the members who are due out in parts."""
    on = datetime.date.fromisoformat(job.arguments["on"])
    ids = list(due_members(on, job.arguments["hour"]).order_by("pk").values_list("pk", flat=True))
    slices = [ids[start : start + MEMBERS_PER_PART] for start in range(0, len(ids), MEMBERS_PER_PART)]
    parts = [({"on": on.isoformat(), "members": part}, len(part)) for part in slices]
    jobs.split(job, task=PART, parts=parts, then=END)
    return {"members": len(ids)}


def end(job: Job) -> dict:
    """Sum the parts up."""
    results = Job.objects.filter(parent=job).values_list("result", flat=True)
    return {"mails": sum(result.get("mails", 0) for result in results)}


def write_digests(job: Job) -> dict:
    """Write the mails of one part; they go out once it is committed."""
    on = datetime.date.fromisoformat(job.arguments["on"])
    wanted = job.arguments["members"]
    Mail.objects.bulk_create(
        [Mail(member_id=pk, on=on, job_id=job.pk) for pk in wanted], ignore_conflicts=True, batch_size=500
    )
    mails = Mail.objects.filter(job_id=job.pk, on=on, notification=None, state=MailState.SENDING).in_bulk()
    by_member = {mail.member_id: mail for mail in mails.values()}
    things: dict[int, list[Notification]] = defaultdict(list)
    rows = _mailable().filter(member__in=by_member, is_urgent=False).select_related("actor")
    for row in rows.order_by("-told_at", "-pk"):
        things[row.member_id].append(row)
    letters = _letters(job.organization, by_member, things, on)
    return {"mails": _send_after_commit(job.organization, letters, by_member, things)}


def write_urgent(job: Job) -> dict:
    """Mail one urgent thing, unless its reader wants no mail of it or has read it already."""
    row = _mailable().filter(pk=job.arguments["notification"]).select_related("actor", "member").first()
    today = timezone.localdate()
    if row is None or _wants_none(row.member_id):
        return {"mails": 0}
    Mail.objects.bulk_create(
        [Mail(member_id=row.member_id, on=today, notification=row, job_id=job.pk)], ignore_conflicts=True
    )
    mail = Mail.objects.filter(notification=row, job_id=job.pk, state=MailState.SENDING).first()
    if mail is None:
        return {"mails": 0}
    by_member, things = {row.member_id: mail}, {row.member_id: [row]}
    letters = _letters(job.organization, by_member, things, today)
    return {"mails": _send_after_commit(job.organization, letters, by_member, things)}


def _wants_none(member_id: int) -> bool:
    return Member.objects.filter(pk=member_id, notification_preference__rhythm=DigestRhythm.OFF).exists()


def _letters(
    organization: Organization, mails: dict[int, Mail], things: dict[int, list[Notification]], on: datetime.date
) -> list[Letter]:
    found = []
    for member_id, mail in sorted(mails.items()):
        reader = queries.load_access(Member.objects.filter(pk=member_id, is_active=True), on)
        if reader is None or reader.user is None or not reader.user.is_active:
            continue
        reader.organization = organization
        with translation.override(reader.user.language):
            items = [item for item in inbox.items_of(things[member_id], reader, on) if item.is_there]
            if items:
                found.append(_letter(mail, reader, items))
                mail.things = len(items)
    return found


def _letter(mail: Mail, reader: Member, items: Sequence[inbox.Item]) -> Letter:
    """The words of one mail, in the language that is active."""
    slug = reader.organization.slug
    lines = [
        {"text": item.told.mail_text or item.told.text, "url": _absolute(item.told.url), "kind": item.kind.label}
        for item in items[:THINGS_SHOWN]
    ]
    waiting = sum(item.kind.waits for item in items)
    if mail.notification_id:
        subject = f"{reader.organization.name}: {lines[0]['kind']}"
    elif waiting:
        text = ngettext("%(count)d thing waits for you", "%(count)d things wait for you", waiting)
        subject = f"{reader.organization.name}: {text % {'count': waiting}}"
    else:
        text = ngettext("%(count)d thing is new", "%(count)d things are new", len(items)) % {"count": len(items)}
        subject = f"{reader.organization.name}: {text}"
    context = {
        "reader": reader,
        "organization": reader.organization,
        "lines": lines,
        "more": len(items) - len(lines),
        "inbox_url": _absolute(reverse("kpiapp:notifications", args=[slug])),
        "settings_url": _absolute(reverse("kpiapp:notification_settings", args=[slug])),
        "language": reader.user.language,
        "subject": subject,
    }
    text = render_to_string("kpiapp/mail/digest.txt", context)
    html = render_to_string("kpiapp/mail/digest.html", context)
    return Letter(mail.pk, reader.user.email, subject, text, html)


def _absolute(path: str) -> str:
    return f"{settings.BASE_URL}{path}" if path else ""


def _send_after_commit(
    organization: Organization, letters: list[Letter], mails: dict[int, Mail], things: dict[int, list[Notification]]
) -> int:
    """Mark what is told as mailed, drop the mails that would be empty, and let the rest go with the commit."""
    written = {letter.mail_id for letter in letters}
    Mail.objects.filter(pk__in=[mail.pk for mail in mails.values() if mail.pk not in written]).delete()
    Mail.objects.bulk_update([mail for mail in mails.values() if mail.pk in written], ["things"])
    told = [row.pk for rows in things.values() for row in rows]
    Notification.objects.filter(pk__in=told).update(mailed_at=timezone.now())
    transaction.on_commit(partial(deliver, organization.pk, letters))
    return len(letters)


def deliver(organization_id: int, letters: Iterable[Letter]) -> None:
    """Send mails over one connection, and write down what became of each."""
    letters = list(letters)
    if not letters:
        return
    connection = get_connection()
    for letter in letters:
        error = ""
        message = EmailMultiAlternatives(letter.subject, letter.text, None, [letter.to], connection=connection)
        message.attach_alternative(letter.html, "text/html")
        try:
            message.send()
        except (SMTPException, OSError) as problem:
            error = str(problem)[:500] or type(problem).__name__
        with organization_scope(organization_id):
            Mail.objects.filter(pk=letter.mail_id, state=MailState.SENDING).update(
                state=MailState.FAILED if error else MailState.SENT, error=error, ended_at=timezone.now()
            )
    connection.close()


def failed_mails(since: datetime.datetime, now: datetime.datetime) -> int:
    """How many mails did not go out, or were cut short so that nobody knows."""
    stuck = Q(state=MailState.SENDING, made_at__lt=now - datetime.timedelta(minutes=10))
    return Mail.objects.filter(Q(state=MailState.FAILED) | stuck, made_at__gte=since).count()
