"""A KPI in words, in both languages: what an employee reads who wants to know how the number came about."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from strategy.catalogue import library_kpis
from strategy.kpis import wording
from strategy.models import KpiVersion
from strategy.services.kpis import complete_fields


@pytest.mark.parametrize("kpi", library_kpis().values(), ids=lambda kpi: kpi.code)
def test_every_kpi_of_the_library_can_be_read(kpi):
    for language in ("vi", "en"):
        with override(language):
            version = KpiVersion(**complete_fields(kpi.version_fields(language)))
            assert wording.method_words(version).endswith(".")
            assert wording.aggregation_words(version)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("band", {"low": "95", "high": "100"}, "Full from 95 to 100. Nothing outside."),
        (
            "band",
            {"low": "0.5", "high": "1.2", "outer_low": "0", "outer_high": "2"},
            "Full from 0.5 to 1.2. Below, it falls to nothing at 0. Above, it falls to nothing at 2.",
        ),
        ("deduct", {"deduct_per_unit": "0.125"}, "Begins full; every event takes 12.5% away."),
        (
            "deviation",
            {"tolerance": "0.05"},
            "Full at the target; the further away on either side, the less. Within 5% of the target it is still full.",
        ),
        (
            "milestone",
            {"table": [{"label": "Done", "completion": "1"}], "late_percent": "2", "late_unit": "week"},
            "Done 100%. Due on the last day of the period. Every week late costs 2 points.",
        ),
        (
            "milestone",
            {
                "table": [{"label": "Done", "completion": "1"}],
                "due_day": "20",
                "late_percent": "2",
                "late_floor_percent": "40",
            },
            "Done 100%. Due on day 20 of the period. Every day late costs 2 points. But never below 40%.",
        ),
        ("scale", {"bands": [{"at_least": "4.5", "completion": "1.2"}]}, "from 4.5: 120%."),
        (
            "piecewise_linear",
            {"anchors": [{"x": "300", "completion": "0"}, {"x": "900", "completion": "1"}]},
            "at 300: 0%; at 900: 100%. Straight lines between.",
        ),
        ("manual", {}, "A reviewer gives a percent, with a comment."),
    ],
)
def test_methods_in_words(method, params, words):
    with override("en"):
        assert wording.method_words(KpiVersion(method=method, params=params)) == words


def test_a_ratio_says_what_is_divided():
    version = KpiVersion(**complete_fields(library_kpis()["HRH-04"].version_fields("en")))
    with override("en"):
        assert wording.aggregation_words(version) == (
            "100 × Voluntary leavers (entries add up) ÷ Headcount (mean of entries)"
        )


def test_targets_have_their_unit_or_their_band():
    with override("en"):
        assert (
            wording.target_words(KpiVersion(method="ratio", target=Decimal("4000.50"), unit="VND m")) == "4,000.5 VND m"
        )
        band = KpiVersion(method="band", params={"low": "95", "high": "100"}, unit="%")
        assert wording.target_words(band) == "95–100%"
        assert wording.target_words(KpiVersion(method="ratio")) == ""


def test_changes_name_the_field_and_both_values():
    older = KpiVersion(name="A", target=Decimal(100), cap=Decimal("1.2"), method="ratio")
    newer = KpiVersion(name="A", target=None, cap=Decimal("1.5"), method="baseline")
    with override("en"):
        changes = [(change.label, change.before, change.after) for change in wording.version_changes(older, newer)]
    assert changes == [
        ("Target", "100", ""),
        ("Scoring method", "Actual ÷ target", "Way from baseline to target"),
        ("Cap", "120%", "150%"),
    ]
