"""Background work in words: what it is called, how long it took, how long it will take."""

from django import template
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from kpiapp import registry
from kpiapp.choices import JobState

register = template.Library()

MINUTE = 60
STATUS = {JobState.DONE: "above", JobState.FAILED: "off", JobState.QUEUED: "none"}


@register.filter
def job_label(job) -> str:
    """What people call the work."""
    return registry.JOB_LABELS.get(job.task, gettext("Background work"))


@register.filter
def job_status(job) -> str:
    """Status whose colour a job's badge takes; its words stand beside it."""
    return STATUS.get(JobState(job.state), "on")


@register.filter
def job_duration(job) -> str:
    """How long it has been at work, or was."""
    if job.started_at is None:
        return ""
    return _span((job.finished_at or timezone.now()) - job.started_at)


@register.filter
def job_left(job) -> str:
    """How long the rest takes if it goes on as it went; "" when that cannot be said."""
    if job.started_at is None or not job.done_count or job.done_count >= job.total_count:
        return ""
    gone = timezone.now() - job.started_at
    left = gone * (job.total_count - job.done_count) / job.done_count
    return gettext("about %(time)s left") % {"time": _span(left)}


@register.filter
def job_url(job, slug: str) -> str:
    """Address of the page that shows what an ended job did, or ""."""
    link = registry.JOB_LINKS.get(job.task)
    return link(slug, job) if link and job.state == JobState.DONE else ""


def _span(length) -> str:
    seconds = max(0, round(length.total_seconds()))
    if seconds < MINUTE:
        return ngettext("%(count)s s", "%(count)s s", seconds) % {"count": seconds}
    minutes, seconds = divmod(seconds, MINUTE)
    return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds}
