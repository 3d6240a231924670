"""Mails about what waits: one digest a day and person at most, in their language; at once only what is urgent.

A mail's row is written and committed before it is sent, so a mail is never sent twice; what became of it is written
afterwards. It says what the inbox says, as its reader may see it at that moment, without details and without amounts.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection, transaction
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from kpiapp import inbox, queries
from kpiapp.choices import DigestRhythm, MailState, Weekday
from kpiapp.models import Job, Mail, Member, Notification, Organization, User
from kpiapp.models.notification import MORNING
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope

DIGESTS, PART, END = "notifications.digests", "notifications.part", "notifications.end"
MEMBERS_PER_PART = 200
THINGS_SHOWN = 30
# Every hour of a day has come.
ANY_HOUR = 24
# The first of the two keys of the advisory lock on somebody who is in several companies.
_USER_LOCK = 7304


@dataclass(frozen=True)
class Part:
    """What one company has to tell a person: words and links, made in its scope and in the language of the reader."""

    organization_id: int
    mail_id: int
    company: str
    lines: list[dict]
    count: int
    waiting: int
    inbox_url: str
    settings_url: str

    @property
    def more(self) -> int:
        """How many things the mail does not name."""
        return self.count - len(self.lines)


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out: its parts with their rows, to whom, and its words."""

    parts: Sequence[Part]
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
    day = {"on": on.isoformat(), "hour": job.arguments["hour"]}
    parts = [({**day, "members": part}, len(part)) for part in slices]
    jobs.split(job, task=PART, parts=parts, then=END)
    return {"members": len(ids)}


def end(job: Job) -> dict:
    """Sum the parts up."""
    results = Job.objects.filter(parent=job).values_list("result", flat=True)
    return {"mails": sum(result.get("mails", 0) for result in results)}


def write_digests(job: Job) -> dict:
    """Write the mails of one part; they go out once it is committed.

    Who is in several companies gets one mail, from the first whose hour comes, with a part for each.
    """
    on = datetime.date.fromisoformat(job.arguments["on"])
    wanted = job.arguments["members"]
    _lock_shared_users(wanted)
    mails = _new_mails(wanted, on, job)
    at = datetime.datetime.combine(
        on, datetime.time(job.arguments.get("hour", MORNING)), ZoneInfo(job.organization.time_zone)
    )
    letters = []
    for member_id, mail in sorted(mails.items()):
        reader = _reader(member_id, on)
        own = _part_of(job.organization, mail, reader, _unmailed(member_id), on)
        if reader is not None:
            parts = [part for part in (own, *_parts_elsewhere(reader.user, job, at)) if part]
            letters += [_letter(reader, parts)] if parts else []
    _send_after_commit(letters)
    return {"mails": len(letters)}


def _lock_shared_users(member_ids: Sequence[int]) -> None:
    """Two companies do not write to one person at the same time: the second finds what the first has written."""
    here = Member.objects.filter(pk__in=member_ids).values("user")
    users = User.objects.filter(pk__in=here, organization_ids__len__gt=1).order_by("pk")
    with connection.cursor() as cursor:
        for user_id in users.values_list("pk", flat=True):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_USER_LOCK, user_id])


def _new_mails(member_ids: Sequence[int], on: datetime.date, job: Job) -> dict[int, Mail]:
    """Rows of the digests of a day by member; none for who has one already."""
    rows = [Mail(member_id=pk, on=on, job_id=job.pk) for pk in member_ids]
    Mail.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    mails = Mail.objects.filter(job_id=job.pk, member__in=member_ids, on=on, notification=None)
    return {mail.member_id: mail for mail in mails.filter(state=MailState.SENDING)}


def _unmailed(member_id: int) -> list[Notification]:
    rows = _mailable().filter(member=member_id, is_urgent=False).select_related("actor")
    return list(rows.order_by("-told_at", "-pk"))


def _reader(member_id: int, on: datetime.date) -> Member | None:
    """Whoever may still be written to, with their roles; None for who has left."""
    reader = queries.load_access(Member.objects.filter(pk=member_id, is_active=True), on)
    return reader if reader is not None and reader.user is not None and reader.user.is_active else None


def _parts_elsewhere(user: User, job: Job, at: datetime.datetime) -> list[Part]:
    """What the other companies of a person have to tell today, each read inside its own scope."""
    others = Organization.objects.filter(pk__in=user.organization_ids, is_active=True).exclude(pk=job.organization_id)
    found = []
    for organization in others.order_by("sort_key") if len(user.organization_ids) > 1 else ():
        on = at.astimezone(ZoneInfo(organization.time_zone)).date()
        with organization_scope(organization):
            due = due_members(on, ANY_HOUR).filter(user=user).values_list("pk", flat=True)
            for member_id, mail in _new_mails(list(due), on, job).items():
                found.append(_part_of(organization, mail, _reader(member_id, on), _unmailed(member_id), on))
    return [part for part in found if part]


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
    reader = _reader(row.member_id, today)
    part = _part_of(job.organization, mail, reader, [row], today)
    if reader is None or part is None:
        return {"mails": 0}
    _send_after_commit([_letter(reader, [part], is_urgent=True)])
    return {"mails": 1}


def _wants_none(member_id: int) -> bool:
    return Member.objects.filter(pk=member_id, notification_preference__rhythm=DigestRhythm.OFF).exists()


def _part_of(
    organization: Organization, mail: Mail, reader: Member | None, things: Sequence[Notification], on: datetime.date
) -> Part | None:
    """The part of one company, in its open scope. What is told counts as mailed; a mail without anything is dropped."""
    Notification.objects.filter(pk__in=[row.pk for row in things]).update(mailed_at=timezone.now())
    items = []
    if reader is not None:
        reader.organization = organization
        with translation.override(reader.user.language):
            items = [item for item in inbox.items_of(things, reader, on) if item.is_there]
            lines = [
                {
                    "text": str(item.told.mail_text or item.told.text),
                    "url": _absolute(item.told.url),
                    "kind": str(item.kind.label),
                }
                for item in items[:THINGS_SHOWN]
            ]
    if not items:
        mail.delete()
        return None
    Mail.objects.filter(pk=mail.pk).update(things=len(items))
    return Part(
        organization_id=organization.pk,
        mail_id=mail.pk,
        company=organization.name,
        lines=lines,
        count=len(items),
        waiting=sum(item.kind.waits for item in items),
        inbox_url=_absolute(reverse("kpiapp:notifications", args=[organization.slug])),
        settings_url=_absolute(reverse("kpiapp:notification_settings", args=[organization.slug])),
    )


def _letter(reader: Member, parts: Sequence[Part], *, is_urgent: bool = False) -> Letter:
    """The words of one mail, in the language of its reader; one about a single urgent thing names its kind."""
    with translation.override(reader.user.language):
        about = parts[0].lines[0]["kind"] if is_urgent else _summary(parts)
        subject = f"{', '.join(part.company for part in parts)}: {about}"
        context = {"reader": reader, "parts": parts, "language": reader.user.language, "subject": subject}
        text = render_to_string("kpiapp/mail/digest.txt", context)
        html = render_to_string("kpiapp/mail/digest.html", context)
    return Letter(parts, reader.user.email, subject, text, html)


def _summary(parts: Sequence[Part]) -> str:
    count, waiting = sum(part.count for part in parts), sum(part.waiting for part in parts)
    if waiting:
        text = ngettext("%(count)d thing waits for you", "%(count)d things wait for you", waiting)
        return text % {"count": waiting}
    return ngettext("%(count)d thing is new", "%(count)d things are new", count) % {"count": count}


def _absolute(path: str) -> str:
    return f"{settings.BASE_URL}{path}" if path else ""


def _send_after_commit(letters: list[Letter]) -> None:
    transaction.on_commit(partial(deliver, letters))


def deliver(letters: Sequence[Letter]) -> None:
    """Send mails over one connection, and write down what became of each, in every company that has a part in it."""
    if not letters:
        return
    smtp = get_connection()
    for letter in letters:
        error = ""
        message = EmailMultiAlternatives(letter.subject, letter.text, None, [letter.to], connection=smtp)
        message.attach_alternative(letter.html, "text/html")
        try:
            message.send()
        except (SMTPException, OSError) as problem:
            error = str(problem)[:500] or type(problem).__name__
        state = MailState.FAILED if error else MailState.SENT
        for part in letter.parts:
            with organization_scope(part.organization_id):
                mails = Mail.objects.filter(pk=part.mail_id, state=MailState.SENDING)
                mails.update(state=state, error=error, ended_at=timezone.now())
    smtp.close()


def failed_mails(since: datetime.datetime, now: datetime.datetime) -> int:
    """How many mails did not go out, or were cut short so that nobody knows."""
    stuck = Q(state=MailState.SENDING, made_at__lt=now - datetime.timedelta(minutes=10))
    return Mail.objects.filter(Q(state=MailState.FAILED) | stuck, made_at__gte=since).count()
