"""A benchmark that misses what it promises fails, and says by how much."""

import io
import json

import pytest

from benchmarks.figures import Reader, misses


@pytest.mark.parametrize(
    ("figure", "broken"),
    [
        ({"figure": "night.scores", "ratio": 0.9, "at_most": 1}, []),
        ({"figure": "night.scores", "ratio": 1.2, "at_most": 1}, ["night.scores: ratio 1.2, at most 1"]),
        ({"figure": "night.two", "speedup": 1.7, "at_least": 1.8}, ["night.two: speedup 1.7, at least 1.8"]),
        (
            {"figure": "page", "page": "home", "queries": 21, "p50_ms": 9, "at_most": {"queries": 20, "p50_ms": 300}},
            ["page home: queries 21, at most 20"],
        ),
        ({"figure": "data", "seconds": 9000}, []),
        ({"name": "no figure", "at_most": 1}, []),
        ([1], []),
    ],
)
def test_what_a_line_breaks(figure, broken):
    assert misses(json.dumps(figure)) == broken


def test_lines_are_passed_on_and_read_when_they_are_whole():
    out = io.StringIO()
    reader = Reader(out)
    print("some words", file=reader)
    reader.write('{"figure": "night.memory", "worker_mb": 301,')
    assert reader.summary() == "Every figure holds."
    reader.write(' "at_most": 300}\n')
    assert out.getvalue().startswith('some words\n{"figure"')
    assert reader.summary() == "Figures that do not hold (1): night.memory: worker_mb 301, at most 300"
