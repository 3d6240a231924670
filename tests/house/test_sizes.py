"""Nothing grows too large to be read: files, functions and templates."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 500, 800, 80, 300


def listed(*patterns: str) -> list[Path]:
    """Files of the project, those not yet committed included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).exists() and "/migrations/" not in name]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_python_files():
    limits = {path: TEST_FILE_LINES if "tests" in path.parts else FILE_LINES for path in listed("*.py")}
    assert {str(path.relative_to(ROOT)): lines(path) for path, limit in limits.items() if lines(path) > limit} == {}


def test_functions():
    long = {}
    for path in listed("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = length
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
