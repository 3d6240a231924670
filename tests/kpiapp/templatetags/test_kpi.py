"""Numbers and dates as each language writes them."""

import datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone, translation


def render(source: str, language: str = "en", **values) -> str:
    with translation.override(language):
        return Template("{% load kpi %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("source", "value", "english", "vietnamese"),
    [
        ("{{ v|number }}", Decimal("1234.50"), "1,234.5", "1.234,5"),
        ("{{ v|number:2 }}", Decimal("1234.5"), "1,234.50", "1.234,50"),
        ("{{ v|number }}", 0, "0", "0"),
        ("{{ v|signed }}", Decimal("-3214500"), "−3,214,500", "−3.214.500"),
        ("{{ v|signed }}", Decimal("2.1"), "+2.1", "+2,1"),
        ("{{ v|percent }}", Decimal("84.600000"), "84.6%", "84,6%"),
        ("{{ v|percent }}", Decimal("79.995"), "80%", "80%"),
        ("{{ v|percent:2 }}", Decimal("84.6"), "84.60%", "84,60%"),
        ("{{ v|completion_percent }}", Decimal("0.780000"), "78%", "78%"),
        ("{{ v|money }}", Decimal(9600000), "9,600,000\u00a0₫", "9.600.000\u00a0₫"),
        ("{{ v|money:'USD' }}", Decimal("1234.5"), "1,234.50\u00a0USD", "1.234,50\u00a0USD"),
        ("{{ v|money_short }}", Decimal(9840000000), "9.84\u00a0bn\u00a0₫", None),
        ("{{ v|money_short }}", Decimal(950000), "950,000\u00a0₫", "950.000\u00a0₫"),
        ("{{ v|day }}", datetime.date(2026, 11, 20), "20 Nov 2026", "20/11/2026"),
    ],
)
def test_written_in_the_readers_language(source, value, english, vietnamese):
    assert render(source, "en", v=value) == english
    if vietnamese is not None:
        assert render(source, "vi", v=value) == vietnamese


@pytest.mark.parametrize(
    "name", ["number", "signed", "percent", "completion_percent", "money", "money_short", "day", "instant"]
)
def test_a_missing_value_is_a_dash_that_is_read_out(name):
    shown = render("{{ v|" + name + " }}", v=None)
    assert ">–<" in shown
    assert "no value" in shown


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (datetime.timedelta(seconds=20), "just now"),
        (datetime.timedelta(minutes=5), "5 min ago"),
        (datetime.timedelta(hours=3), "3 h ago"),
        (datetime.timedelta(days=1), "1 day ago"),
        (datetime.timedelta(days=5), "5 days ago"),
    ],
)
def test_how_long_ago_in_one_unit(ago, words):
    assert render("{{ v|relative_time }}", v=timezone.now() - ago) == words


def test_after_a_week_the_date_is_said():
    long_ago = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)
    assert render("{{ v|relative_time }}", v=long_ago) == "2 Jan 2026"
