"""Old files go, what their rows did stays; a night may be cut short and repeated."""

import datetime
import os
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from kpiapp.models import AuditEvent, Department, ImportBatch
from kpiapp.services import imports
from kpiapp.services.import_files import FILES_KEPT, delete_old_files
from kpiapp.services.refusals import Refused
from tests.cast import STORY_DAY
from tests.imports import applied, checked, run_of

TABLE = "code,name,parent\nA,Khối,CO\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def aged(batch, days: int):
    """A batch that was uploaded so many days ago."""
    at = datetime.datetime.combine(STORY_DAY, datetime.time(12), datetime.UTC) - datetime.timedelta(days=days)
    ImportBatch.objects.filter(pk=batch.pk).update(created_at=at)
    return ImportBatch.objects.get(pk=batch.pk)


def clean(cast) -> int:
    return delete_old_files(organization=cast.organization, on=STORY_DAY)


def test_the_file_goes_and_the_report_and_the_way_back_stay(scope):
    batch = aged(applied(scope, "departments", TABLE), FILES_KEPT.days + 1)
    path = Path(batch.file.path)
    assert clean(scope) == 1
    assert not path.exists()
    batch = ImportBatch.objects.get(pk=batch.pk)
    assert (batch.file.name, batch.filename, batch.rows.count()) == ("", batch.filename, 1)
    assert AuditEvent.objects.filter(action="import.clean").count() == 1
    imports.undo(batch=batch, run=run_of(scope))
    assert not Department.objects.filter(code="A").exists()


def test_a_younger_file_stays_and_a_second_night_does_nothing(scope):
    batch = aged(applied(scope, "departments", TABLE), FILES_KEPT.days - 1)
    assert clean(scope) == 0
    assert Path(batch.file.path).exists()
    aged(batch, FILES_KEPT.days + 1)
    assert [clean(scope), clean(scope)] == [1, 0]
    assert AuditEvent.objects.filter(action="import.clean").count() == 1


def test_a_night_that_was_cut_short_after_the_file_went_is_made_up_for(scope):
    batch = aged(applied(scope, "departments", TABLE), FILES_KEPT.days + 1)
    default_storage.delete(batch.file.name)
    assert clean(scope) == 1
    assert ImportBatch.objects.get(pk=batch.pk).file.name == ""


def test_what_was_never_applied_has_to_be_uploaded_again(scope):
    batch = aged(checked(scope, "departments", TABLE), FILES_KEPT.days + 1)
    clean(scope)
    with pytest.raises(Refused, match="90"):
        imports.work_on(batch=ImportBatch.objects.get(pk=batch.pk), step="check", run=run_of(scope))


def test_strays_of_uploads_that_came_to_nothing_go_too_and_nobody_elses(scope, tmp_path):
    batch = applied(scope, "departments", TABLE)
    mine, other = Path(batch.file.path).parent, tmp_path / "999" / "imports"
    other.mkdir(parents=True)
    old = (datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)).timestamp()
    for folder in (mine, other):
        (folder / "stray.upload").write_text("x")
        os.utime(folder / "stray.upload", (old, old))
    os.utime(batch.file.path, (old, old))
    assert clean(scope) == 1
    assert not (mine / "stray.upload").exists()
    assert (other / "stray.upload").exists()
    assert Path(batch.file.path).exists()
