"""Every decision that the code writes down has words: for what it is about, and for what was done."""

import re

from kpiapp import registry
from tests.house.test_sizes import ROOT, listed

ACTION = re.compile(r"action=f?\"([a-z_]+)\.([a-z_]+)\"")


def test_every_action_has_words():
    """Nouns and verbs of `audit.record(action="noun.verb")` in the product's code."""
    wordless = set()
    for path in listed("*.py"):
        if not {"tests", "benchmarks"} & set(path.relative_to(ROOT).parts):
            for noun, verb in ACTION.findall(path.read_text()):
                wordless |= {noun} - set(registry.AUDIT_NOUNS)
                wordless |= {verb} - set(registry.AUDIT_WORDS)
    assert wordless == set()
