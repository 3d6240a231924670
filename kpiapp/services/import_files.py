"""Uploaded files do not stay for ever: a night takes away those of old imports. What their rows did stays readable."""

import datetime
from zoneinfo import ZoneInfo

from django.core.files.storage import default_storage
from django.utils.timezone import make_aware

from kpiapp.choices import JobState
from kpiapp.models import ImportBatch, Job, Organization
from kpiapp.models.imports import imports_folder
from kpiapp.services import audit

FILES_KEPT = datetime.timedelta(days=90)


def clean_in_the_night(organization: Organization, job: Job, on: datetime.date) -> None:
    """A step of the night."""
    delete_old_files(organization=organization, on=on)


def delete_old_files(*, organization: Organization, on: datetime.date) -> int:
    """Delete the files of imports that are older than 90 days, and files no import knows of; how many.

    The file goes before the row says so: cut short in between, the next night finds the row again, and deleting what
    is gone is no error. A file that a worker reads right now waits for the next night.
    """
    before = make_aware(datetime.datetime.combine(on - FILES_KEPT, datetime.time()), ZoneInfo(organization.time_zone))
    old = ImportBatch.objects.filter(created_at__lt=before).exclude(file="")
    at_work = old.exclude(job=None).exclude(job__state__in=[JobState.DONE, JobState.FAILED])
    batches = list(old.exclude(pk__in=at_work.values("pk")).select_for_update(skip_locked=True, of=("self",)))
    for batch in batches:
        default_storage.delete(batch.file.name)
    ImportBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(file="")
    deleted = len(batches) + _delete_strays(organization, before)
    if deleted:
        audit.record(action="import.clean", target=organization, by=None, after={"file": deleted})
    return deleted


def _delete_strays(organization: Organization, before: datetime.datetime) -> int:
    """Files of uploads that came to nothing: their transaction went back, the file did not."""
    folder = imports_folder(organization.pk)
    if not default_storage.exists(folder):
        return 0
    known = set(ImportBatch.objects.exclude(file="").values_list("file", flat=True))
    names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
    strays = [name for name in names if name not in known and default_storage.get_modified_time(name) < before]
    for name in strays:
        default_storage.delete(name)
    return len(strays)
