"""The seven letters of SMARTER as sentences a manager reads while typing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodKind
from kpiapp.decimals import format_number, format_percent, quantize
from strategy.smarter.letters import Finding, is_smarter


@dataclass(frozen=True)
class Letter:
    """A letter as the panel shows it."""

    letter: str
    holds: bool
    sentence: str
    keeps_back: bool = False


@dataclass(frozen=True)
class Panel:
    """All seven, and whether nothing keeps the KPI a draft."""

    letters: list[Letter]
    is_smarter: bool

    @property
    def open(self) -> list[Letter]:
        """What keeps it a draft."""
        return [letter for letter in self.letters if letter.keeps_back]


def panel_of(findings: Sequence[Finding], unit: str = "") -> Panel:
    """Findings in the reader's language."""
    letters = [
        Letter(finding.letter, finding.holds, sentence_of(finding, unit), finding.keeps_back) for finding in findings
    ]
    return Panel(letters, is_smarter(findings))


def sentence_of(finding: Finding, unit: str = "") -> str:
    """What was found, in one sentence."""
    return _WORDS[finding.code](finding.params, unit)


def _day(params) -> dict[str, str]:
    return {"day": date_format(params["day"], "DATE_FORMAT")}


def _percent(value: Decimal) -> str:
    return format_percent(quantize(abs(value), 0), get_language() or "en", places=0)


def _number(value: Decimal, unit: str = "") -> str:
    text = format_number(quantize(value, 2).normalize(), get_language() or "en")
    return f"{text}%" if unit == "%" else f"{text} {unit}".strip()


def _counts(params) -> dict[str, object]:
    return {"met": params["met"], "count": params["count"]}


def _measured(params, unit: str) -> str:
    words = {
        PeriodKind.MONTH: _("Logged every month from: %(source)s"),
        PeriodKind.QUARTER: _("Logged every quarter from: %(source)s"),
        PeriodKind.HALF_YEAR: _("Logged every half-year from: %(source)s"),
        PeriodKind.YEAR: _("Logged every year from: %(source)s"),
    }
    return words[PeriodKind(params["frequency"])] % {"source": params["source"]}


def _against_year(params) -> str:
    """ "19 % above last year; it grew 12 % and 16 % before"."""
    change = params["change"]
    if change is None:
        words = _("The last 12 months came to nothing on average")
    elif quantize(change, 0) == 0:
        words = _("As last year")
    elif change > 0:
        words = _("%(percent)s above last year") % {"percent": _percent(change)}
    else:
        words = _("%(percent)s below last year") % {"percent": _percent(change)}
    growths = [_moved(growth) for growth in params["growths"]]
    if len(growths) == 2:
        words += "; " + _("before, it %(first)s and %(second)s") % {"first": growths[0], "second": growths[1]}
    elif growths:
        words += "; " + _("before, it %(first)s") % {"first": growths[0]}
    return words


def _moved(growth: Decimal) -> str:
    if quantize(growth, 0) == 0:
        return _("stayed the same")
    words = _("grew %(percent)s") if growth > 0 else _("fell %(percent)s")
    return words % {"percent": _percent(growth)}


def _easy(params, unit: str) -> str:
    reached = _("Too easy: %(met)d of the last %(count)d results reached it already.") % _counts(params)
    return f"{reached} {_against_year(params)}."


def _hard(params, unit: str) -> str:
    never = _("Very hard: none of the last %(count)d results reached it.") % {"count": params["count"]}
    return f"{never} {_against_year(params)}."


def _baseline_change(params, unit: str) -> str:
    start = {"baseline": _number(params["baseline"], unit)}
    change = params["change"]
    if change is None:
        return _("From a baseline of %(baseline)s; no results yet") % start
    if change > 0:
        return _("%(percent)s above the baseline; no results yet") % {"percent": _percent(change)}
    return _("%(percent)s below the baseline; no results yet") % {"percent": _percent(change)}


_WORDS = {
    "no_name": lambda params, unit: _("Say what is measured"),
    "two_measures": lambda params, unit: _("The name speaks of two things: make two KPIs of them"),
    "no_owner": lambda params, unit: _("Nobody is responsible yet"),
    "one_measure": lambda params, unit: _("One measure, one owner"),
    "no_source": lambda params, unit: _("Nobody knows yet where the numbers come from"),
    "measured": _measured,
    "not_scored": lambda params, unit: _("Watched, not scored: it needs no target"),
    "no_target_needed": lambda params, unit: _("This way of scoring needs no target"),
    "no_target": lambda params, unit: _("No target yet"),
    "pass_or_fail": lambda params, unit: _("The target is set"),
    "nothing_to_compare": lambda params, unit: _("No baseline and no results: nobody can tell how hard the target is"),
    "above_year": lambda params, unit: _against_year(params),
    "easy": _easy,
    "hard": _hard,
    "above_baseline": _baseline_change,
    "easy_baseline": lambda params, unit: _("Too easy: the baseline reaches the target already"),
    "hard_baseline": lambda params, unit: (
        _("Very hard: %(percent)s above the baseline") % {"percent": _percent(params["change"])}
    ),
    "range_set": lambda params, unit: (
        _("Between %(low)s and %(high)s; few results yet")
        % {"low": _number(params["low"]), "high": _number(params["high"], unit)}
    ),
    "range_easy": lambda params, unit: (
        _("Too easy: all of the last %(count)d results were inside") % {"count": params["count"]}
    ),
    "range_hard": lambda params, unit: (
        _("Very hard: none of the last %(count)d results was inside") % {"count": params["count"]}
    ),
    "range_held": lambda params, unit: _("%(met)d of the last %(count)d results were inside") % _counts(params),
    "no_objective": lambda params, unit: _("Serves no objective yet"),
    "objective_not_published": lambda params, unit: (
        _("“%(objective)s” is not on the published map") % {"objective": params["objective"]}
    ),
    "serves": lambda params, unit: _("Serves an objective on the map"),
    "no_due": lambda params, unit: _("No date by which the target is to be reached"),
    "due": lambda params, unit: _("Due %(day)s") % _day(params),
    "due_over": lambda params, unit: _("Was due %(day)s: set a new date") % _day(params),
    "no_reevaluation": lambda params, unit: _("No date to judge it anew"),
    "reevaluation": lambda params, unit: _("To be judged anew on %(day)s") % _day(params),
    "reevaluation_over": lambda params, unit: _("Was to be judged anew on %(day)s: look at it again") % _day(params),
    "never_reviewed": lambda params, unit: _("Last reviewed: never"),
    "reviewed": lambda params, unit: _("Last reviewed %(day)s") % _day(params),
    "review_late": lambda params, unit: _("Last reviewed %(day)s, longer ago than agreed") % _day(params),
}
