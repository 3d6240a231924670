"""The one error a formula can end in: what is wrong, where, and what to do, for the edge to translate."""

from kpiapp.decimals import gettext_noop


class FormulaError(ValueError):
    """A formula that cannot be used. `message` is English with named gaps that `params` fill: `_(message) % params`.

    `start` and `end` are the place in the text it was found in.
    """

    def __init__(self, message: str, start: int = 0, end: int = 0, **params: str) -> None:
        super().__init__(message % params)
        self.message = message
        self.params = params
        self.start = start
        self.end = max(start, end)


EMPTY = gettext_noop("Write the formula: KPIs in square brackets, for example [A] / [B].")
TOO_LONG = gettext_noop("The formula is too long: at most %(most)s characters. Make a KPI of a part of it.")
TOO_MANY_PARTS = gettext_noop("The formula has too many parts: at most %(most)s. Make a KPI of a part of it.")
TOO_DEEP = gettext_noop("Brackets are nested too deeply: at most %(most)s levels. Make a KPI of a part of it.")
STRANGE_CHARACTER = gettext_noop("“%(found)s” has no meaning here. Put names of KPIs in square brackets.")
NOT_CLOSED = gettext_noop("The name that begins here is not closed: write “]” behind it.")
NO_POWER = gettext_noop("There are no powers: multiply the number by itself instead.")
UNEXPECTED = gettext_noop("“%(found)s” cannot stand here: an operator, a comma or a bracket is missing before it.")
NEEDS_VALUE = gettext_noop("A number, a KPI or a bracket is missing before “%(found)s”.")
ENDS_EARLY = gettext_noop("The formula ends too early: something is missing, perhaps a closing bracket.")
TWO_READINGS = gettext_noop("“%(found)s” can be read in two ways. Write thousands without a separator: %(example)s.")
NUMBER_TOO_LONG = gettext_noop("“%(found)s” is too long: at most %(digits)s digits and %(places)s decimals.")
UNKNOWN_FUNCTION = gettext_noop("There is no function “%(found)s”. There are: %(names)s.")
WRONG_COUNT = gettext_noop("“%(name)s” is written %(usage)s.")
NEEDS_NUMBER = gettext_noop("Here a number is needed, not a comparison. Use if(…) to choose between two numbers.")
NEEDS_TRUTH = gettext_noop("Here a comparison is needed, for example [A] > 0.")
PLACES = gettext_noop("The number of decimals is a whole number from 0 to %(most)s, written as digits.")

UNKNOWN_NAME = gettext_noop("There is no KPI “%(found)s”. Choose one from the list.")
NO_PARTS = gettext_noop("“%(found)s” has no numerator and denominator: only a ratio of totals has.")

DIFFERENT_UNITS = gettext_noop("%(first)s and %(second)s cannot be added, subtracted or compared: the units differ.")
DIFFERENT_SCALES = gettext_noop("%(first)s and %(second)s are in different units: bring them to the same one first.")
PERCENT_FACTOR = gettext_noop("%(found)s is a percent: write %(better)s when you multiply or divide by it.")
PERCENT_OF = gettext_noop("A percent needs two numbers of the same kind, not %(first)s of %(second)s.")
RATE_MEAN = gettext_noop("A rate cannot be averaged without its denominator. Divide the sums instead: %(offer)s.")
RATE_MEAN_NO_PARTS = gettext_noop(
    "A rate cannot be averaged without its denominator. Measure %(names)s as “Ratio of totals” first, then divide the"
    " sums of their parts."
)
