"""The Vietnamese catalogue is complete, keeps its terms, and what users see is compiled from it."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import polib
import pytest

from kpiapp import borrowed_words

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "kpiapp/locale/vi/LC_MESSAGES/django.po"
GLOSSARY = ROOT / "docs/glossary.md"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|{\w+}")
# Where the texts that we borrow are written.
LENDERS = {
    "django": ("forms", "core/validators.py", "db/models", "contrib/auth"),
    "allauth": ("account", "templates/account/messages"),
    "rest_framework": ("",),
}


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(CATALOGUE))


def texts(file: polib.POFile) -> set[tuple[str | None, str, str]]:
    return {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in file if not entry.obsolete}


def said(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_text_has_a_translation_nobody_doubts(catalogue):
    assert [entry.msgid for entry in catalogue if not all(text.strip() for text in said(entry))] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_no_text_hides_inside_an_f_string():
    """Texts in there are not collected, and would stay English."""
    hidden = []
    for app in ("kpiapp", "strategy", "scorecards", "payroll"):
        for path in (ROOT / app).rglob("*.py"):
            strings = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr))
            calls = (call for text in strings for call in ast.walk(text) if isinstance(call, ast.Call))
            named = (call for call in calls if getattr(call.func, "id", "") in ("_", "gettext", "ngettext", "pgettext"))
            hidden += [f"{path.relative_to(ROOT)}:{call.lineno}" for call in named]
    assert hidden == []


def test_translations_keep_the_placeholders(catalogue):
    assert [entry.msgid for entry in catalogue if any(differs(entry, text) for text in said(entry))] == []


def differs(entry: polib.POEntry, text: str) -> bool:
    """Whether a translation lacks a placeholder, or has one of its own; unnamed ones also keep their order."""
    wanted, given = (PLACEHOLDER.findall(part.replace("%%", "")) for part in (entry.msgid_plural or entry.msgid, text))
    unnamed = [[sign for sign in signs if len(sign) == 2] for signs in (wanted, given)]
    return set(wanted) != set(given) or unnamed[0] != unnamed[1]


def test_vietnamese_has_one_form_for_any_count(catalogue):
    assert catalogue.metadata["Plural-Forms"].startswith("nplurals=1;")
    assert [entry.msgid for entry in catalogue if entry.msgid_plural and set(entry.msgstr_plural) != {0}] == []


def test_sentences_end_as_they_do_in_english(catalogue):
    sentences = [entry for entry in catalogue if " " in entry.msgid]
    assert [e.msgid for e in sentences if any(end_of(text) != end_of(e.msgid) for text in said(e))] == []


def end_of(text: str) -> str:
    return text[-1] if text.endswith((".", ":", "?", "…", ",")) else ""


def test_the_compiled_file_is_fresh(catalogue):
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    read = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in compiled}
    meant = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in catalogue.translated_entries()}
    assert read == meant


@pytest.mark.skipif(
    not shutil.which("xgettext") and os.environ.get("CI") != "true",
    reason="collecting the texts needs gettext; install it to see whether one is missing",
)
def test_the_catalogue_has_the_texts_of_the_source_and_no_others(catalogue, tmp_path):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.html", "*.txt", "*.lark"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).exists() and not name.startswith(("tests/", "benchmarks/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "kpiapp/locale/vi/LC_MESSAGES").mkdir(parents=True, exist_ok=True)
    collect = [sys.executable, "manage.py", "makemessages", "--locale", "vi", "--keep-pot"]
    subprocess.run(collect, cwd=tmp_path, capture_output=True, check=True)
    found, known = texts(polib.pofile(str(tmp_path / "kpiapp/locale/django.pot"))), texts(catalogue)
    assert sorted(text for _, text, _ in found - known) == [], "run “make messages”, then translate these"
    assert sorted(text for _, text, _ in known - found) == [], "run “make messages”: nothing says these any more"


def test_terms_are_those_of_the_glossary(catalogue):
    table = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    terms = {row[1].strip(): row[2].strip() for row in (line.split("|") for line in table)}
    translated = {entry.msgid: said(entry)[0] for entry in catalogue if not entry.msgctxt}
    used = {term: vietnamese for term, vietnamese in terms.items() if term in translated}
    assert len(used) > 50
    assert {term: translated[term] for term in used if translated[term] != used[term]} == {}


def test_borrowed_texts_are_still_said_by_those_they_are_borrowed_from():
    borrowed = {*borrowed_words.ALLAUTH, *borrowed_words.DJANGO_TEXTS, *borrowed_words.REST_FRAMEWORK}
    assert sorted(borrowed - {text for lender, places in LENDERS.items() for text in lent(lender, places)}) == []


def lent(lender: str, places: tuple[str, ...]) -> set[str]:
    """Every string in the Python files and message templates of a package."""
    home, strings = Path(find_spec(lender).origin).parent, set()
    for place in places:
        for path in [home / place] if (home / place).is_file() else (home / place).rglob("*"):
            if path.suffix == ".py":
                nodes = ast.walk(ast.parse(path.read_text()))
                strings |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
            elif path.suffix == ".txt":
                blocks = re.findall(r"{% blocktrans %}(.*?){% endblocktrans %}", path.read_text())
                strings |= {re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", block) for block in blocks}
    return strings
