"""Nothing grows too large to be read: files, functions and templates."""

import ast
import re

import pytest

from tests.house.sizes import FILE_LINES, FUNCTION_LINES, ROOT, TEMPLATE_LINES, functions, lines, listed


def test_python_files():
    assert {str(path.relative_to(ROOT)): lines(path) for path in listed("*.py") if lines(path) > FILE_LINES} == {}


def test_functions():
    long = {
        f"{path.relative_to(ROOT)}:{name}": length
        for path in listed("*.py")
        for name, length in functions(path)
        if length > FUNCTION_LINES
    }
    assert long == {}


def test_templates():
    assert {str(path): lines(path) for path in listed("templates/**") if lines(path) > TEMPLATE_LINES} == {}


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in listed("*.py")
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        (r"\|safe\b", "templates/**"),
        (r"mark_safe", "*.py"),
        (r"csrf_exempt", "*.py"),
        (r"autoescape off", "templates/**.html"),
        (r"except (Base)?Exception", "*.py"),
        (r"\bfloat\((?!\"inf\"\))", "*.py"),
        (r"\b(TODO|FIXME|XXX)\b", "*.py"),
    ],
)
def test_what_is_never_written(pattern, files):
    """Ways around a wall, inexact numbers, and work left for nobody, in what runs."""
    running = [path for path in listed(files) if not {"tests", "benchmarks"} & set(path.relative_to(ROOT).parts)]
    assert [str(path.relative_to(ROOT)) for path in running if re.search(pattern, path.read_text())] == []
