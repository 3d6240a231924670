"""What apps offer to the pages of apps below them, filled from AppConfig.ready(): no import runs upwards."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from kpiapp.permissions import Permission, can


@dataclass(frozen=True)
class NavigationItem:
    """An entry of the side bar, shown to those who hold the permission (None: to every member)."""

    group: str
    label: Any
    route: str
    icon: str
    order: int
    permission: Permission | None = None
    # Narrower than holding the permission at all, e.g. "for the whole organization": called with the member.
    shown: Callable[[Any], bool] = field(default=lambda member: True)
    # Whether its address stands for that page alone, and not for the pages below it.
    is_exact: bool = False
    # Where its pages lie inside the organization, when they are more than those below its own address.
    folder: str = ""
    # Its turn for the phone's bottom bar, from 1 (0: never), and a word that fits there.
    pinned: int = 0
    short: Any = ""


@dataclass(frozen=True)
class SearchHit:
    """One result of the command palette: what it is ("KPI"), its name, a line about it, and its address."""

    kind: str
    label: str
    detail: str
    url: str
    icon: str = "target"


class ObjectiveScore(NamedTuple):
    """How an objective stands in a period: percent with 100 = whole (None: no data), a status, and why.

    `status` is one of above, on, at_risk, off, none; `explain_url` is the address of the explanation or "".
    """

    percent: Decimal | None
    status: str
    explain_url: str


class PastResult(NamedTuple):
    """What a KPI reached in one period that is over."""

    starts_on: datetime.date
    value: Decimal


class CurvePoint(NamedTuple):
    """An actual and the completion it gives (1 = whole); None where the rule cannot say."""

    x: Decimal
    completion: Decimal | None


@dataclass(frozen=True)
class Curve:
    """How a scoring rule turns actuals into completions, drawn over the actuals that matter.

    `target` is None where the rule has none; `is_example` says that nobody has set one yet. `stops` are the actuals
    where the course bends or jumps, for a table; `tried` is the value somebody wants to see, `raw` its completion
    before gate, cap and floor. `problem` says why there is nothing to draw.
    """

    points: Sequence[CurvePoint] = ()
    stops: Sequence[CurvePoint] = ()
    target: Decimal | None = None
    is_example: bool = False
    cap: Decimal | None = None
    floor: Decimal | None = None
    gate: Decimal | None = None
    is_counted: bool = False
    tried: CurvePoint | None = None
    raw: Decimal | None = None
    problem: str = ""


class FormulaValues(NamedTuple):
    """Values that a formula can be tried with: whose and of when, and the values by operand ("kpi:12")."""

    title: str
    values: Mapping[str, Decimal | None]


class CardTile(NamedTuple):
    """A tile above a scorecard, its texts in the reader's language: a label, a large value, a note, and why."""

    label: str
    value: str
    small: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class HomeVisit:
    """Who opens the home page, when, and the periods that have begun by then, the latest first."""

    member: Any
    today: datetime.date
    periods: Sequence[Any]
    # What HOME_FACTS asked for, by name.
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def period(self):
        """The running period, the shortest if several run; the latest one if none does; None before the first."""
        return next(iter(self.periods), None)


@dataclass(frozen=True)
class HomeAction:
    """The next step a panel leads to, as a verb: a link, or, with `fields`, a form that is sent by one click."""

    label: str
    url: str
    icon: str = "chevron-right"
    # The most pressing step of the page, the one with the lowest number, stands on top of it.
    order: int = 50
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HomePanel:
    """A part of somebody's home page: its heading, and the template that is given `panel` with this context."""

    title: str
    template: str
    context: dict[str, Any]
    order: int
    # Where it stands: over the whole width on top, in the main column, or beside it.
    place: str = "main"
    action: HomeAction | None = None
    # Pages with amounts are kept in no cache.
    has_amounts: bool = False


class ScoreNote(NamedTuple):
    """What a moved score means for others: the name it had and gets ("B", "A+"; "–" for none), and a sentence."""

    before: str
    after: str
    text: str

    @property
    def is_change(self) -> bool:
        """Whether it means something else than before."""
        return self.before != self.after


class Told(NamedTuple):
    """What a notification says, in the reader's language: a sentence, a line about it, and the address of the place.

    In a mail stands `mail_text` instead when it is given: something confidential has no name there. Details stay out.
    """

    text: str
    url: str = ""
    detail: str = ""
    mail_text: str = ""


@dataclass(frozen=True)
class NotificationKind:
    """A kind of notification: what its readers call it, and how its words are made.

    `describe` is called with (notifications, reader, on) for all kinds that share it at once and returns
    {notification id: Told}, without what the reader may no longer see. `waits` says that somebody has to act: such
    a kind may be kept out of mails, but never be silenced.
    """

    label: Any
    icon: str
    describe: Callable[[Sequence[Any], Any, datetime.date], dict[int, Told]]
    waits: bool = False


class NumberNamed(NamedTuple):
    """A number that people ask about, for one reader: what it is, its explanation's address, how it stands now.

    In a mail stands `mail_label` where it is given: something confidential has no name there.
    """

    label: str
    url: str
    now: str = ""
    mail_label: str = ""


@dataclass(frozen=True)
class NumberKind:
    """A kind of number with an explanation, and who is asked about it.

    `name` is called with (ids, reader, on) → {id: NumberNamed}, without those that the reader may not see; `answerers`
    with (id, on) → ids of the members who stand for it. Of pay, a question keeps neither the number nor its page.
    """

    name: Callable[[Sequence[int], Any, datetime.date], dict[int, NumberNamed]]
    answerers: Callable[[int, datetime.date], Sequence[int]]
    is_pay: bool = False


# Groups of the side bar, in order: key to label. Labels are translated where they are shown.
NAVIGATION: list[NavigationItem] = []
# Pages under "Settings" of the apps above: (route with its namespace, label, permission).
SETTINGS_PAGES: list[tuple[str, Any, str]] = []
# kind of import → handler (kpiapp.services.import_handlers describes what a handler is).
IMPORT_HANDLERS: dict[str, Any] = {}
# Callables (member, query, on) → list of SearchHit for the command palette, a kind together; an empty query asks for
# pages to start with. `member.organization` is loaded.
SEARCHES: list[Callable] = []
# Callables (objective_ids, period) → {objective_id: ObjectiveScore}, for the strategy map; they run a fixed number
# of queries, leave out what has no score, and are called inside the organization's scope.
OBJECTIVE_SCORES: list[Callable] = []
# Callables (fields of a KPI version) → list of (field, sentence): what must be mended before it may be saved. The
# scoring kernel registers here, so that a KPI is judged by the very rules that will score it.
KPI_CHECKS: list[Callable] = []
# Callable (fields of a KPI version, a value to try or None) → Curve: what the scoring kernel makes of actuals.
COMPLETION_CURVES: list[Callable] = []
# Callables (KPI definition ids, on) → {definition id: [PastResult]}, newest first, of periods that are over: the
# results of whoever is responsible, else of whoever has had the KPI longest. One query however many KPIs.
KPI_HISTORIES: list[Callable] = []
# Callables (member, on) → query of the ids of KPI definitions by which the member, or somebody below them, is measured.
MEASURED_KPIS: list[Callable] = []
# Callable (member, on, ids of KPIs) → FormulaValues: what these KPIs stand at on a card that the member may read.
FORMULA_VALUES: list[Callable] = []
# job task name → function(job) that does the work; kpiapp.services.jobs claims, runs and finishes it.
JOB_TASKS: dict[str, Callable] = {}
# job task name → what people call this work.
JOB_LABELS: dict[str, Any] = {}
# Tasks that run by themselves all day: a list of background work leaves them out unless they are asked for.
QUIET_JOBS: set[str] = set()
# job task name → callable (organization's slug, job) → address of the page that shows what it did.
JOB_LINKS: dict[str, Callable] = {}
# Callables (scorecard, member) → list of CardTile shown above a card (tier and pay come from payroll).
CARD_TILES: list[Callable] = []
# Callables (cards by id, job) run in the same transaction after cards were rescored (payroll keeps tiers fresh).
AFTER_SCORES: list[Callable] = []
# Callables ([(card_id, percent before, percent now)], member, on) → {card_id: ScoreNote}: what a moved score means for
# others ("Tier B → A"), for who may read the card: with what a night changed, and in previews.
SCORE_NOTES: list[Callable] = []
# Callables (member, on) → {name: expression} over the organization: what panels have to know, read in one query.
HOME_FACTS: list[Callable] = []
# Callables (HomeVisit) → list of HomePanel, only what the member may read; a fixed number of queries each.
HOME_PANELS: list[Callable] = []
# Callables (member, the Employment they left, on, by, today) run in the same transaction after somebody was moved by
# hand → sentences on what followed from it, for whoever moved them.
AFTER_MOVES: list[Callable] = []
# Callables (names of settings) run in the same transaction after the settings of the organization were changed.
AFTER_SETTINGS: list[Callable] = []
# Callables (organization, owner) that fill a new organization: perspectives, tiers, …
ORGANIZATION_STARTERS: list[Callable] = []
# Callable (organization, owner) that fills a new organization with a company to try things on, by a job with this
# key; at most one.
SAMPLE_KEY = "sample-data"
SAMPLE_DATA: list[Callable] = []
# Callables (period) → sentences, each a reason why the period cannot be locked yet.
PERIOD_LOCK_CHECKS: list[Callable] = []
# Callables (period, on) run in the same transaction before a period is locked, once nothing keeps it from being so.
BEFORE_LOCKING: list[Callable] = []
# Callables (reopening) run in the same transaction before a locked period takes entries again: they keep what was.
BEFORE_REOPENING: list[Callable] = []
# kind of notification → what it is. kpiapp.services.notifications writes them.
NOTIFICATIONS: dict[str, NotificationKind] = {}
# kind of number → who may be asked about it, and what it is called.
NUMBERS: dict[str, NumberKind] = {}
# Callables () → sentences, each a reason why the fiscal year cannot start in another month any more.
FISCAL_YEAR_CHECKS: list[Callable] = []
# Callables (definition_id, month starts, member_id) → {month start: Decimal}: what a person reached with a KPI;
# months without a value are left out.
KPI_FIGURES: list[Callable] = []
# What decisions are about, the part of "noun.verb" before the dot, to its label: the filter of the audit trail.
AUDIT_NOUNS: dict[str, Any] = {}
# Other words of the audit trail: verbs, names of changed fields, codes among their values, to labels.
AUDIT_WORDS: dict[str, Any] = {}
# Callables (member, on) → Q of the events that a member may not read, because of what they are about.
HIDDEN_EVENTS: list[Callable] = []
# Steps of the night, in order: (order, function(organization, job, on)).
NIGHT_STEPS: list[tuple[int, Callable]] = []


def is_shown(item: NavigationItem, member) -> bool:
    """Whether a member may open a page of the side bar."""
    return (item.permission is None or can(member, item.permission)) and item.shown(member)


def job_task(name: str) -> Callable:
    """Register the function that does the work of a kind of job."""

    def register(function):
        JOB_TASKS[name] = function
        return function

    return register
