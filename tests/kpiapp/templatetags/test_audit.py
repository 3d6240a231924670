"""The audit trail in words: what a request would change reads as before and after, long numbers with separators."""

from types import SimpleNamespace

import pytest
from django.utils import translation

from kpiapp.templatetags.audit import changes, value_label


def test_a_wished_change_reads_as_before_and_after():
    event = SimpleNamespace(before={}, after={"target": {"old": "420000000", "new": "378000000"}, "reason": "x"})
    with translation.override("vi"):
        first, second = changes(event)
    assert (first["before"], first["after"]) == ("420.000.000", "378.000.000")
    assert (second["before"], second["after"]) == ("", "x")


@pytest.mark.parametrize(
    ("stored", "shown"), [("12500.5", "12,500.5"), ("2026", "2026"), ("00123456", "00123456"), ("0.85", "0.85")]
)
def test_only_what_is_a_number_gets_separators(stored, shown):
    with translation.override("en"):
        assert value_label(stored) == shown
