"""How large files, functions and templates are, beside what good houses of this kind keep.

`make sizes` prints one line per figure; test_sizes.py holds the limits.
"""

import ast
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 500, 80, 300
AIM_FILE, AIM_FUNCTION, LONG_FUNCTION = 300, 40, 50


def listed(*patterns: str) -> list[Path]:
    """Files of the project, those not yet committed included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).exists() and "/migrations/" not in name]


def lines(path: Path) -> int:
    """Lines of a file."""
    return len(path.read_text().splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file, each with its lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def main() -> None:
    """Print the figures of the product's code, then how much test stands beside it."""
    python = [path for path in listed("*.py") if path.read_text().strip()]
    tests = [path for path in python if path.is_relative_to(ROOT / "tests")]
    code = [path for path in python if path not in tests and not path.is_relative_to(ROOT / "benchmarks")]
    long = [length for path in code for _, length in functions(path)]
    tell("file", [lines(path) for path in code], "median 43–76, p95 326–584", AIM_FILE, FILE_LINES)
    tell("function", long, "median 6–9, p95 34–47", AIM_FUNCTION, FUNCTION_LINES)
    share = 100 * sum(length > LONG_FUNCTION for length in long) / len(long)
    print(f"functions over {LONG_FUNCTION} lines: {share:.1f} % (good houses: under 4.5 %)")
    templates = [lines(path) for path in listed("templates/**")]
    tell("template", templates, "p95 under 215", TEMPLATE_LINES, TEMPLATE_LINES)
    tell("file of tests", [lines(path) for path in tests], "no figure", AIM_FILE, FILE_LINES)
    ratio = sum(map(lines, tests)) / sum(map(lines, code))
    print(f"lines of tests per line of code: {ratio:.2f} (good houses: 1.4–2.0)")


def tell(what: str, sizes: list[int], good: str, aim: int, limit: int) -> None:
    """One line: how many, how large, and how many are over the aim and over the limit."""
    median, p95 = statistics.median(sizes), statistics.quantiles(sizes, n=20)[-1]
    over_aim, over_limit = (sum(size > bound for size in sizes) for bound in (aim, limit))
    print(
        f"lines of a {what}: median {median:.0f}, p95 {p95:.0f} (good houses: {good});"
        f" {over_aim} of {len(sizes)} over {aim}, {over_limit} over {limit}, longest {max(sizes)}"
    )


if __name__ == "__main__":
    main()
