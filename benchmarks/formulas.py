"""A million formulas nobody would type: none may end in anything but a value or a formula error, nor take long."""

import gc
import random
from contextlib import suppress
from time import process_time

from benchmarks.formula_inputs import inputs, try_one, use
from benchmarks.night import show
from kpiapp.formulas import parse

COUNT = 1_000_000
SEED = 2026


def run(_people: int = 0, *, count: int = COUNT, seed: int = SEED) -> None:
    """Print one line of JSON: how many, what else than a formula error came out, and the slowest by processor time."""
    for style in ("", "en", "vi"):
        parse("1", style)  # the parser of a style is made once
    gc.freeze()
    others: list[str] = []
    slowest, slowest_text = 0.0, ""
    begun = process_time()
    for text, style in inputs(random.Random(seed), count):
        problem = try_one(text, style)
        before = process_time()
        with suppress(Exception):
            use(text, style)
        took = process_time() - before
        if took > slowest:
            slowest, slowest_text = took, text
        if problem is not None:
            others.append(f"{problem}: {text[:80]!r}")
    show(
        "formulas",
        inputs=count,
        others_than_formula_errors=len(others),
        at_most=0,
        slowest_ms=slowest * 1000,
        slowest_is=slowest_text[:60],
        mean_ms=(process_time() - begun) / count * 1000,
        examples=others[:5],
    )
