"""From a table as it comes to the columns an import takes."""

from decimal import Decimal

import pytest

from kpiapp.spreadsheets import Line
from kpiapp.table_mapping import MappingError, Table, TableMapping, transform

ORDERS = Table(
    "orders.csv",
    ["no", "who", "state", "ordered", "shipped"],
    [
        Line(2, ["1", "A", "rejected", "2022-05-30", "2022-06-02"]),
        Line(3, ["2", "A", "complete", "2022-05-31", "2022-06-01"]),
        Line(4, ["3", "B", "complete", "2022-06-30", None]),
        Line(5, ["4", "B", "pending", "soon"]),
    ],
)
PEOPLE = Table("people.csv", ["who", "title"], [Line(2, ["A", "Buyer"])])


def made(fields: dict, *, joined: Table | None = None, **entry) -> list[tuple[int, list]]:
    mapping = TableMapping.of({"file": "orders.csv", "kind": "actuals", "fields": fields, **entry})
    return [(line.number, line.cells) for line in transform(mapping, ORDERS, joined).lines]


def column(rule) -> list:
    return [cells[0] for _number, cells in made({"x": rule})]


def test_fields_come_from_columns_constants_and_templates():
    assert column("who") == ["A", "A", "B", "B"]
    assert column({"value": 1}) == [Decimal(1)] * 4
    assert column({"value": "PO"}) == ["PO"] * 4
    assert column({"text": "PO {no}/{who}"})[0] == "PO 1/A"
    assert column({"map": {"column": "state", "to": {"complete": "C"}}}) == ["rejected", "C", "C", "pending"]
    assert column({"only_if_empty": ["shipped", "who"]}) == [None, None, "B", "B"]


def test_periods_and_days_are_derived_and_what_is_no_date_goes_on_as_it_is():
    assert column({"month_of": "ordered"}) == ["2022-05", "2022-05", "2022-06", "soon"]
    assert column({"quarter_of": "ordered"})[0] == "2022-Q2"
    assert column({"year_of": "ordered"})[0] == "2022"
    assert column({"days_between": ["ordered", "shipped"]}) == [Decimal(3), Decimal(1), None, None]
    assert column({"one_if": {"state": ["rejected", "pending"]}}) == [1, 0, 0, 1]


def test_rows_are_filtered_joined_and_added_up_under_the_number_of_the_first():
    fields = {"owner": "who", "orders": {"value": 1}}
    assert made(fields, where={"state": "complete"}) == [(3, ["A", 1]), (4, ["B", 1])]
    assert made(fields, add_up=["orders"]) == [(2, ["A", 2]), (4, ["B", 2])]
    assert made({"owner": "who"}, distinct=True) == [(2, ["A"]), (4, ["B"])]
    joined = made({"t": "title", "w": "who"}, join={"file": "people.csv", "by": "who"}, joined=PEOPLE)
    assert joined == [(2, ["Buyer", "A"]), (3, ["Buyer", "A"]), (4, [None, "B"]), (5, [None, "B"])]


@pytest.mark.parametrize(
    ("fields", "entry"),
    [
        ({"x": "nope"}, {}),
        ({"x": {"nonsense": "who"}}, {}),
        ({"x": {"text": "{nope}"}}, {}),
        ({"x": {"month_of": "nope"}}, {}),
        ({"x": 7}, {}),
        ({"x": "who"}, {"where": {"nope": 1}}),
        ({"x": "who"}, {"add_up": ["y"]}),
        ({"x": "state", "y": "who"}, {"add_up": ["x"]}),
        ({"x": "who"}, {"filter": 1}),
    ],
)
def test_a_mapping_that_names_what_is_not_there_is_refused_with_a_sentence(fields, entry):
    with pytest.raises(MappingError, match=r"\."):
        made(fields, **entry)
