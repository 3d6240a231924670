"""The library as it ships: complete, in both languages, found with and without accents."""

import re
from decimal import Decimal

import pytest
from django.utils.translation import override

from strategy.catalogue import example_maps, inputs, library_kpis, library_templates, search_library
from strategy.choices import Aggregation, Direction, Group, PartAggregation, PerspectiveKind, ScoringMethod
from strategy.models import KpiVersion


def test_two_hundred_kpis_twenty_cards_three_maps():
    assert (len(library_kpis()), len(library_templates()), len(example_maps())) == (200, 20, 3)


@pytest.mark.parametrize("kpi", library_kpis().values(), ids=lambda kpi: kpi.code)
def test_every_kpi_is_complete_in_both_languages(kpi):
    for words in (kpi.name, kpi.definition, kpi.unit):
        assert words.en.strip()
        assert words.vi.strip()
    assert kpi.perspective in PerspectiveKind.values
    assert kpi.group in Group.values
    assert kpi.method in ScoringMethod.values
    assert kpi.direction in Direction.values
    assert kpi.aggregation in Aggregation.values
    assert (kpi.aggregation == Aggregation.RATIO) == (kpi.numerator is not None) == (kpi.denominator is not None)
    names = set(re.findall(r"[a-z_]\w*", kpi.formula))
    assert names <= set(inputs())
    for language in ("vi", "en"):
        assert "_" not in kpi.formula_in(language)


@pytest.mark.parametrize("kpi", library_kpis().values(), ids=lambda kpi: kpi.code)
def test_fields_of_every_kpi_fit_a_version(kpi):
    for language in ("vi", "en"):
        fields = kpi.version_fields(language)
        version = KpiVersion(number=1, **fields)
        version.clean_fields(exclude=["definition", "organization", "number"])
        assert not re.search(r"[a-z]_[a-z]", version.numerator_label + version.denominator_label)
        if version.aggregation == Aggregation.RATIO:
            assert version.numerator_agg in PartAggregation.values


def test_weights_of_every_card_are_100():
    for template in library_templates().values():
        assert sum(weight for _kpi, weight in template.items) == Decimal(100)
        assert len({kpi.perspective for kpi, _weight in template.items}) >= 3


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("tỷ lệ nghỉ việc tự nguyện", "HRH-04"),
        ("ty le nghi viec", "HRH-04"),
        ("phieu luong", "HRH-07"),
        ("PHIẾU LƯƠNG", "HRH-07"),
        ("voluntary turnover", "HRH-04"),
        ("hrh-04", "HRH-04"),
        ("cong no qua han", "ACC-04"),
    ],
)
def test_search_takes_accents_or_none_and_either_language(query, code):
    found = [kpi.code for kpi in search_library(query)]
    if code == "ACC-04":
        assert any("quá hạn" in library_kpis()[other].name.vi for other in found)
    else:
        assert code in found


def test_search_puts_names_before_definitions():
    found = search_library("doanh thu")
    in_name = ["doanh thu" in kpi.name.vi.lower() for kpi in found]
    assert in_name[0]
    assert in_name == sorted(in_name, reverse=True)


def test_filters_narrow_each_other():
    sales = search_library(template="STL")
    assert [kpi.code for kpi in sales] == [f"STL-{n:02}" for n in range(1, 11)]
    financial = search_library(template="STL", perspective="financial")
    assert financial
    assert {kpi.perspective for kpi in financial} == {"financial"}
    both = search_library(template="STL", perspective="financial", group="A")
    assert {kpi.code for kpi in both} <= {kpi.code for kpi in financial}
    assert search_library("không có gì như thế") == []


def test_words_follow_the_reader():
    kpi = library_kpis()["HRH-01"]
    with override("vi"):
        assert (str(kpi.name), kpi.formula_words) == (
            "Tỷ lệ chi phí nhân sự trên doanh thu",
            "100 × Chi phí nhân sự ÷ Doanh thu thuần",
        )
    with override("en"):
        assert kpi.formula_words == "100 × Staff cost ÷ Net revenue"


@pytest.mark.parametrize("example", example_maps().values(), ids=lambda example: example.code)
def test_published_maps_hold_together(example):
    codes = [objective.code for objective in example.objectives]
    assert len(codes) == len(set(codes))
    level = {"financial": 0, "customer": 1, "process": 2, "learning": 3}
    lane = {objective.code: level[objective.perspective] for objective in example.objectives}
    for source, target in example.links:
        assert lane[target] <= lane[source]
    assert {code for link in example.links for code in link} == set(codes)
    assert {measure.objective for measure in example.measures} <= set(codes)
    assert example.literature
    assert example.verified


def test_names_with_commas_are_whole():
    mobil = {objective.code: objective.name for objective in example_maps()["MOBIL"].objectives}
    assert mobil["P7"].vi == "Môi trường, sức khỏe, an toàn"
    assert mobil["P7"].en == "Environment, health and safety"
