"""Importing in the browser: upload, match, preview, apply, take back; small files at once, large ones by a worker."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import Department, ImportBatch, Job
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope

ROWS = "Mã phòng ban,Tên,Trực thuộc\nA,Kênh A,CO\nB,Kênh B,NOPE\n"


def upload(cast, text: str = ROWS, *, kind: str = "departments", by=None, name: str = "phong-ban.csv"):
    client = cast.client(by or cast.hr)
    data = text if isinstance(text, bytes) else text.encode()
    response = client.post(cast.url("imports/"), {"kind": kind, "file": SimpleUploadedFile(name, data)})
    return client, response


def batch_of(cast) -> ImportBatch:
    with organization_scope(cast.organization):
        return ImportBatch.objects.select_related("job").first()


def preview(cast, text: str = ROWS, **options):
    client, response = upload(cast, text, **options)
    page = client.get(response.url)
    client.post(response.url, {**batch_of(cast).columns, "numbers": "vi"})
    return client, page


def test_a_file_goes_from_upload_to_applied_and_back(an_phat):
    client, matching = preview(an_phat)
    assert "Kênh A" in matching.content.decode()
    batch = batch_of(an_phat)
    address = an_phat.url(f"imports/{batch.pk}/")
    text = client.get(address).content.decode()
    assert "“NOPE”" in text
    client.post(f"{address}apply/")
    with organization_scope(an_phat.organization):
        assert Department.objects.filter(code="A").exists()
        assert not Department.objects.filter(code="B").exists()
    errors = b"".join(client.get(f"{address}errors/").streaming_content).decode("utf-8-sig")
    assert errors.splitlines()[0].startswith("Mã phòng ban,Tên,Trực thuộc")
    assert "NOPE" in errors
    client.post(f"{address}undo/")
    with organization_scope(an_phat.organization):
        assert not Department.objects.filter(code="A").exists()
    assert client.get(address).status_code == 200
    # A second click finds that it was done already, and says so.
    assert "Take back" not in client.post(f"{address}undo/", follow=True).content.decode()


def test_a_mapping_is_remembered_for_the_next_file_with_the_same_titles(an_phat):
    text = "X1,X2\nA,Kênh A\n"
    client, response = upload(an_phat, text)
    client.post(response.url, {"code": "X1", "name": "X2", "numbers": "vi"})
    upload(an_phat, "X1,X2\nB,Kênh B\n")
    assert batch_of(an_phat).columns == {"code": "X1", "name": "X2"}


def test_a_missing_column_is_asked_for_and_nothing_chosen_is_lost(an_phat):
    client, response = upload(an_phat, "X1,X2\nA,Kênh A\n")
    answer = client.post(response.url, {"code": "X1", "numbers": "vi"})
    assert answer.status_code == 422
    assert answer.context["form"]["code"].value() == "X1"
    assert "name" in answer.context["form"].errors


def test_a_file_that_is_no_table_is_refused_with_a_sentence_and_leaves_nothing(an_phat):
    client, response = upload(an_phat, b"\x89PNG\r\n\x1a\n" + bytes(500), name="picture.xlsx")
    assert response.status_code == 422
    assert ".xlsx" in response.context["form"].errors["file"][0]
    assert batch_of(an_phat) is None
    assert client.post(an_phat.url("imports/"), {"kind": "departments"}).status_code == 422


def test_a_large_file_is_worked_on_by_a_job(an_phat, django_capture_on_commit_callbacks):
    rows = "".join(f"D{n},Phòng số {n} của công ty,CO\n" for n in range(2500))
    client, _ = preview(an_phat, "code,name,parent\n" + rows)
    batch = batch_of(an_phat)
    assert batch.job.state == "queued"
    address = an_phat.url(f"imports/{batch.pk}/")
    assert "hx-get" in client.get(address).content.decode()
    asked = client.get(address, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in asked.headers
    jobs.run(batch.job_id, an_phat.organization.pk)
    assert client.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    client.post(f"{address}apply/")
    with organization_scope(an_phat.organization):
        job = Job.objects.latest("pk")
    jobs.run(job.pk, an_phat.organization.pk)
    assert batch_of(an_phat).counts["create"] == 2500
    with organization_scope(an_phat.organization):
        assert Department.objects.filter(code="D2499").exists()


@pytest.mark.parametrize("kind", ["departments", "people", "employment", "assignments", "actuals"])
def test_templates_have_the_titles_that_are_matched_by_themselves(an_phat, kind):
    member = an_phat.strategy if kind == "assignments" else an_phat.hr
    client = an_phat.client(member)
    sheet = client.get(an_phat.url(f"imports/template/{kind}.xlsx/"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))
    titles = [cell.value for cell in next(book.active.iter_rows())]
    text = b"".join(client.get(an_phat.url(f"imports/template/{kind}.csv/")).streaming_content)
    assert text.decode("utf-8-sig").splitlines()[0].split(",") == titles
    upload(an_phat, text, kind=kind, by=member)
    assert len(batch_of(an_phat).columns) == len(titles)


def test_kinds_and_files_of_others_stay_closed(an_phat, binh_minh):
    upload(an_phat)
    address = an_phat.url(f"imports/{batch_of(an_phat).pk}/")
    assert an_phat.client(an_phat.manager).get(address).status_code == 404
    assert an_phat.client(an_phat.lan).get(an_phat.url("imports/")).status_code == 403
    other = binh_minh.client(binh_minh.hr)
    assert other.get(address).status_code == 404
    assert other.get(binh_minh.url(f"imports/{batch_of(an_phat).pk}/")).status_code == 404
    _, response = upload(an_phat, kind="people", by=an_phat.manager)
    assert response.status_code == 422


@pytest.mark.parametrize("path", ["imports/", "imports/{pk}/", "imports/{pk}/columns/"])
def test_pages_ask_as_often_for_one_row_as_for_three(an_phat, path):
    def queries(count: int) -> int:
        rows = "".join(f"D{n},Phòng {n},NOPE\n" for n in range(count))
        client, _ = preview(an_phat, "code,name,parent\n" + rows)
        address = an_phat.url(path.format(pk=batch_of(an_phat).pk))
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    counts = [queries(1), queries(3)]
    assert counts[0] == counts[1] <= 20
