"""The functions of the language: how each is written, how many arguments it takes, and what it is for."""

from typing import NamedTuple

from kpiapp.decimals import gettext_noop


class Function(NamedTuple):
    """`least` to `most` arguments (None: any number); `usage` shows how it is written, `words` what it gives."""

    name: str
    usage: str
    words: str
    least: int
    most: int | None


# Arguments that are truths; all others are numbers.
TRUTHS = {"if": frozenset({0})}
# Their second argument is a number of decimals.
ROUNDINGS = frozenset({"round", "round_up", "round_down", "round_even"})
MAX_PLACES = 6

FUNCTIONS = {
    function.name: function
    for function in (
        Function("sum", "sum(a, b, …)", gettext_noop("All added up"), 1, None),
        Function("avg", "avg(a, b, …)", gettext_noop("The mean; not of rates"), 1, None),
        Function(
            "weighted_avg",
            "weighted_avg(a, weight of a, b, weight of b, …)",
            gettext_noop("The mean, each value with its weight"),
            2,
            None,
        ),
        Function("min", "min(a, b, …)", gettext_noop("The lowest"), 1, None),
        Function("max", "max(a, b, …)", gettext_noop("The highest"), 1, None),
        Function("ratio", "ratio(a, b)", gettext_noop("a divided by b; a third number stands in when b is zero"), 2, 3),
        Function("percent", "percent(a, b)", gettext_noop("How many percent a is of b; a third as for ratio"), 2, 3),
        Function("if", "if(a > b, then, else)", gettext_noop("One of two numbers"), 3, 3),
        Function("coalesce", "coalesce(a, b, …)", gettext_noop("The first that has a value"), 1, None),
        Function("missing", "missing(a)", gettext_noop("Whether there is no value yet"), 1, 1),
        Function("abs", "abs(a)", gettext_noop("Without its sign"), 1, 1),
        Function("clamp", "clamp(a, lowest, highest)", gettext_noop("Kept between two bounds"), 3, 3),
        Function("round", "round(a, decimals)", gettext_noop("Rounded half up, away from zero"), 1, 2),
        Function("round_up", "round_up(a, decimals)", gettext_noop("Rounded up, away from zero"), 1, 2),
        Function("round_down", "round_down(a, decimals)", gettext_noop("Rounded down, towards zero"), 1, 2),
        Function("round_even", "round_even(a, decimals)", gettext_noop("Rounded half to even"), 1, 2),
    )
}
