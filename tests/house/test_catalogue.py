"""The Vietnamese catalogue is complete, and what users see is compiled from it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "kpiapp/locale/vi/LC_MESSAGES/django.po"


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(CATALOGUE))


def texts(file: polib.POFile) -> set[tuple[str | None, str]]:
    return {(entry.msgctxt, entry.msgid) for entry in file if not entry.obsolete}


def test_every_text_has_a_translation_nobody_doubts(catalogue):
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


def test_translations_keep_the_placeholders(catalogue):
    assert [entry.msgid for entry in catalogue if not entry.obsolete and placeholders(entry)] == []


def placeholders(entry: polib.POEntry) -> bool:
    """Whether a named placeholder of the source is missing in a translation."""
    wanted = set(re.findall(r"%\(\w+\)\w|{\w+}", entry.msgid))
    given = [entry.msgstr] if not entry.msgid_plural else list(entry.msgstr_plural.values())
    return any(wanted - set(re.findall(r"%\(\w+\)\w|{\w+}", text)) for text in given)


def test_the_compiled_file_is_fresh(catalogue):
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    said = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in compiled}
    meant = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in catalogue.translated_entries()}
    assert said == meant


@pytest.mark.skipif(
    not shutil.which("xgettext") and os.environ.get("CI") != "true",
    reason="collecting the texts needs gettext; install it to see whether one is missing",
)
def test_every_text_in_the_source_is_in_the_catalogue(catalogue, tmp_path):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.html", "*.txt"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).exists() and not name.startswith(("tests/", "benchmarks/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "kpiapp/locale/vi/LC_MESSAGES").mkdir(parents=True, exist_ok=True)
    collect = [sys.executable, "manage.py", "makemessages", "--locale", "vi", "--keep-pot"]
    subprocess.run(collect, cwd=tmp_path, capture_output=True, check=True)
    found = texts(polib.pofile(str(tmp_path / "kpiapp/locale/django.pot")))
    assert sorted(text for _, text in found - texts(catalogue)) == []
