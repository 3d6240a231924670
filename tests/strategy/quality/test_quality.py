"""The quality audit: cases that HR can read, and what a map is asked."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from strategy.quality.rules import CardFacts, KpiFacts, MapFacts, ObjectiveFacts, audit_card, audit_map
from strategy.quality.words import what_of, why_of

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "quality.yaml").read_text())
LANES = ("financial", "customer", "process", "learning", "process")


def balanced() -> list[KpiFacts]:
    return [
        KpiFacts(
            key=number,
            weight=Decimal(20),
            perspective=lane,
            indicator="leading" if number < 3 else "lagging",
        )
        for number, lane in enumerate(LANES, 1)
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_card(name):
    case = CASES[name]
    kpis = [kpi for kpi in balanced() if kpi.key not in case.get("drop", [])]
    for change in case.get("change", []):
        values = {key: value for key, value in change.items() if key != "kpi"}
        if "weight" in values:
            values["weight"] = Decimal(values["weight"])
        kpis = [replace(kpi, **values) if kpi.key == change["kpi"] else kpi for kpi in kpis]
    kpis += [
        KpiFacts(key=100 + more, weight=Decimal(8), perspective=LANES[more % 4], indicator="leading")
        for more in range(case.get("more", 0))
    ]
    audit = audit_card(CardFacts(kpis, is_persons=case.get("is_persons", True)))
    assert sorted(finding.code for finding in audit.findings) == sorted(case["finds"])
    assert audit.held == audit.judged - len(case["finds"])
    for finding in audit.findings:
        assert what_of(finding.code, finding.numbers)
        assert why_of(finding.code)


def aim(key, lane=1, **facts) -> ObjectiveFacts:
    return ObjectiveFacts(key, lane, **{"kpis": [KpiFacts(key)], "links": 1, **facts})


def test_a_map():
    sound = [aim(number, lane) for number, lane in enumerate((1, 2, 3, 4))]
    assert audit_map(MapFacts((1, 2, 3, 4), sound)).findings == ()
    weak = [aim(1), aim(2, kpis=()), aim(3, has_owner=False), aim(4, links=0)]
    found = {finding.code: finding.about for finding in audit_map(MapFacts((1, 2), weak)).findings}
    assert found == {"empty_lane": (2,), "no_measure": (2,), "no_aim_owner": (3,), "isolated": (4,)}
    assert [finding.code for finding in audit_map(MapFacts((1,), [])).findings] == ["empty_map"]
    many = [aim(number) for number in range(26)]
    assert [finding.code for finding in audit_map(MapFacts((1,), many)).findings] == ["many_objectives"]
