"""A company from a folder: all or nothing, repeatable, with every bad row named."""

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from kpiapp.models import Department, Member, Organization, User
from kpiapp.tenancy import organization_scope

MAPPING = """
organization: {name: Sông Hồng, language: vi}
periods: {from: 2026, to: 2026}
kpis:
  - {code: REV, name: Doanh thu, aggregation: sum, target: 100}
imports:
  - {title: Units, file: units.csv, kind: departments, fields: {code: code, name: name, parent: {value: CO}}}
  - title: People
    file: people.csv
    kind: people
    fields: {code: id, name: name, department: unit, position: job, manager: boss, valid_from: since}
  - title: Targets
    file: people.csv
    kind: assignments
    agree: true
    fields: {owner: id, kpi: {value: REV}, period: {value: 2026-11}, weight: {value: 100}}
"""
UNITS = "code,name\nS,Bán hàng\n"
PEOPLE = "id,name,unit,job,boss,since\nP1,An,S,Trưởng phòng,,01/02/2026\nP2,Bình,S,Nhân viên,P1,2026-03-01\n"


@pytest.fixture
def folder(tmp_path, db, monkeypatch) -> Path:
    """Two files and their mapping."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "media")
    for name, text in (("units.csv", UNITS), ("people.csv", PEOPLE), ("mapping.yaml", MAPPING)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, **options) -> str:
    """The command as the README has it: the mapping lies in the folder unless one is named."""
    out = io.StringIO()
    call_command("import_company", folder, organization="song-hong", stdout=out, **options)
    return out.getvalue()


def company() -> Organization | None:
    return Organization.objects.filter(slug="song-hong").first()


def test_a_company_is_built_and_a_second_run_changes_nothing(folder):
    assert "People (people.csv): 2 new, 0 changed, 0 unchanged, 0 errors" in run(folder)
    organization = company()
    assert (organization.name, organization.currency) == ("Sông Hồng", "VND")
    assert User.objects.get(email="owner@song-hong.example").organization_ids == [organization.pk]
    with organization_scope(organization):
        assert set(Member.objects.values_list("code", flat=True)) >= {"P1", "P2"}
    again = run(folder)
    assert again.count(" 0 new, 0 changed,") == 3
    assert "Updated" in again


def test_a_bad_row_is_named_and_nothing_is_kept_unless_asked_for(folder):
    (folder / "people.csv").write_text(PEOPLE + "P3,Chi,S,Nhân viên,NOBODY,31/02/2026\n", encoding="utf-8")
    with pytest.raises(CommandError, match="nothing was kept"):
        run(folder)
    assert company() is None
    assert not list((folder / "media").rglob("*.upload"))
    text = run(folder, skip_bad_rows=True)
    assert "people.csv, row 4: " in text
    assert "31/02/2026" in text
    assert company() is not None


def test_a_dry_run_reports_everything_and_keeps_nothing(folder):
    assert "Targets (people.csv): 2 new" in run(folder, dry_run=True)
    assert company() is None
    assert not User.objects.filter(email="owner@song-hong.example").exists()
    assert not list((folder / "media").rglob("*.upload"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("file: units.csv", "file: nowhere.csv"),
        ("file: units.csv", "file: ../units.csv"),
        ("kind: departments", "kind: nonsense"),
        ("{code: id, name: name,", "{code: nope, name: name,"),
        ("{code: id, name: name,", "{nope: id, name: name,"),
        ("{code: id, name: name,", "{name: name,"),
        ("imports:", "exports:"),
        ("periods: {", "periods: ["),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_a_sentence(folder, old, new):
    (folder / "mapping.yaml").write_text(MAPPING.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CommandError):
        run(folder)
    assert company() is None


def test_a_mapping_elsewhere_is_named(folder):
    (folder / "mapping.yaml").rename(folder / "ours.yaml")
    assert "Created Sông Hồng" in run(folder, mapping=str(folder / "ours.yaml"))


def test_a_folder_without_a_mapping_is_refused_with_what_to_do(folder):
    (folder / "mapping.yaml").unlink()
    with pytest.raises(CommandError, match=r"holds no mapping\.yaml.* Write one .*, or name one with --mapping"):
        run(folder)
    with pytest.raises(CommandError, match="cannot be read"):
        run(folder, mapping="nowhere.yaml")


def test_a_folder_may_be_named_like_a_mapping_that_ships_with_us(folder):
    ours = folder / "adventureworks"
    ours.mkdir()
    with pytest.raises(CommandError, match=r"departments\.csv"):
        run(ours)


def test_only_a_member_imports_into_a_company_that_exists(folder, an_phat):
    out = io.StringIO()
    with pytest.raises(CommandError, match="no member"):
        call_command(
            "import_company",
            folder,
            organization="an-phat",
            mapping=str(folder / "mapping.yaml"),
            owner="stranger@else.example",
            stdout=out,
        )
    with organization_scope(an_phat.organization):
        assert not Department.objects.filter(code="S").exists()
