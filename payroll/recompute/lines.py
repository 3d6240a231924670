"""The bulk path of pay: one query gathers everybody's inputs, pay_rules pays, COPY brings the lines back."""

import datetime
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from kpiapp.bulk import copy
from kpiapp.decimals import ONE, ZERO, plain, round_percent
from kpiapp.models import Period
from kpiapp.tenancy import current_organization_id
from payroll import queries, seal
from payroll.choices import NoScore, PayFlag
from payroll.models import PayRun
from payroll.pay_rules import P3State, PayResult, pay_of
from scorecards.choices import CardState, OwnerKind
from scorecards.scoring import Tier, Trace

# Everyone employed in the period, where they stood on their last day in it, the rates of that day, and their card.
_GATHER_SQL = """
WITH stretch AS (
    SELECT member_id, department_id, position_id, valid_from, valid_to,
        row_number() OVER latest AS place,
        min(valid_from) OVER person AS first_from,
        min(department_id) OVER person <> max(department_id) OVER person
            OR min(position_id) OVER person <> max(position_id) OVER person AS moved
    FROM kpiapp_employment
    WHERE organization_id = %(organization)s AND valid_from < %(ends_on)s
      AND (%(member)s::bigint IS NULL OR member_id = %(member)s)
      AND (valid_to IS NULL OR valid_to > %(starts_on)s)
    WINDOW person AS (PARTITION BY member_id), latest AS (PARTITION BY member_id ORDER BY valid_from DESC)
), person AS (
    SELECT *, least(%(ends_on)s, coalesce(valid_to, %(ends_on)s)) - 1 AS paid_on,
        first_from > %(starts_on)s OR coalesce(valid_to < %(ends_on)s, false) AS part_month
    FROM stretch WHERE place = 1
)
SELECT m.id, m.code, m.name, m.sort_key, p.department_id, d.name, p.position_id, j.name, p.paid_on, p.moved,
    p.part_month, pp.id, pp.p1_amount, pp.p3_target_amount, mp.id, mp.p2_coefficient, mp.p1_amount,
    mp.p3_target_amount, c.id, c.state, s.percent, coalesce(s.measured_weight, 0), coalesce(s.is_provisional, false),
    coalesce(s.is_blocked, false)
FROM person p
JOIN kpiapp_member m ON m.organization_id = %(organization)s AND m.id = p.member_id
JOIN kpiapp_department d ON d.organization_id = %(organization)s AND d.id = p.department_id
JOIN kpiapp_position j ON j.organization_id = %(organization)s AND j.id = p.position_id
LEFT JOIN payroll_positionpay pp ON pp.organization_id = %(organization)s AND pp.position_id = p.position_id
    AND pp.approved_at IS NOT NULL AND pp.valid_from <= p.paid_on AND (pp.valid_to IS NULL OR pp.valid_to > p.paid_on)
LEFT JOIN payroll_memberpay mp ON mp.organization_id = %(organization)s AND mp.member_id = p.member_id
    AND mp.approved_at IS NOT NULL AND mp.valid_from <= p.paid_on AND (mp.valid_to IS NULL OR mp.valid_to > p.paid_on)
LEFT JOIN scorecards_scorecard c ON c.organization_id = %(organization)s AND c.period_id = %(period)s
    AND c.owner_kind = %(member_card)s AND c.member_id = p.member_id
LEFT JOIN scorecards_cardscore s ON s.organization_id = %(organization)s AND s.scorecard_id = c.id
ORDER BY m.id
"""

# One person as above, beside the steps of the tier table in force when the period ends: all that a tile needs.
_STANDING_SQL = f"""
SELECT steps.*, person.*
FROM (
    SELECT array_agg(s.at_least ORDER BY s.at_least DESC), array_agg(s.coefficient ORDER BY s.at_least DESC),
        array_agg(s.code ORDER BY s.at_least DESC)
    FROM payroll_tiertable t
    JOIN payroll_tier s ON s.organization_id = %(organization)s AND s.table_id = t.id
    WHERE t.organization_id = %(organization)s AND t.approved_at IS NOT NULL AND t.valid_from < %(ends_on)s
        AND (t.valid_to IS NULL OR t.valid_to >= %(ends_on)s)
) steps
LEFT JOIN ({_GATHER_SQL}) person ON true
"""  # noqa: S608  (constants)

_COLUMNS = (
    "organization_id",
    "run_id",
    "member_id",
    "employee_code",
    "employee_name",
    "sort_key",
    "department_name",
    "position_name",
    "p1_amount",
    "p2_coefficient",
    "p2_amount",
    "p3_target_amount",
    "score_percent",
    "tier_code",
    "tier_coefficient",
    "p3_amount",
    "gross_amount",
    "flag",
    "inputs",
    "trace",
)
_NAMES = ", ".join(_COLUMNS)
_MAKE_COPY_SQL = (
    "DROP TABLE IF EXISTS pg_temp.pay_line_copy; CREATE TEMPORARY TABLE pay_line_copy ON COMMIT DROP AS "  # noqa: S608
    f"SELECT {_NAMES} FROM payroll_payline WITH NO DATA"
)
_COPY_SQL = f"COPY pay_line_copy ({_NAMES}) FROM STDIN"
_INSERT_SQL = f"INSERT INTO payroll_payline ({_NAMES}) SELECT {_NAMES} FROM pay_line_copy"  # noqa: S608  (constants)


class Gathered(NamedTuple):
    """One person as the query finds them; amounts and percents are None where nothing is set."""

    member: int
    code: str
    name: str
    sort_key: str
    department: int
    department_name: str
    position: int
    position_name: str
    paid_on: datetime.date
    moved: bool
    part_month: bool
    position_pay: int | None
    position_p1: Decimal | None
    position_p3: Decimal | None
    member_pay: int | None
    p2_coefficient: Decimal | None
    own_p1: Decimal | None
    own_p3: Decimal | None
    card: int | None
    card_state: str | None
    percent: Decimal | None
    measured_weight: Decimal
    is_provisional: bool
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A person's inputs and what they give."""

    person: Gathered
    inputs: dict[str, Any]
    result: PayResult
    flag: str
    trace: bytes


def gather(period: Period, *, member_id: int | None = None) -> list[Gathered]:
    """Everybody employed in a period, or one person, in the order of their ids: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_GATHER_SQL, _parameters(period, member_id))
        return [Gathered._make(row) for row in cursor.fetchall()]


def gather_standing(period: Period, *, member_id: int) -> tuple[list[Tier], list[Gathered]]:
    """The tiers in force when a period ends (none without a table), and one person as `gather` does; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_SQL, _parameters(period, member_id))
        at_least, coefficients, codes, *person = cursor.fetchone()
    steps = zip(at_least, coefficients, codes, strict=True) if codes else ()
    return queries.as_tiers(steps), [Gathered._make(person)] if person[0] is not None else []


def _parameters(period: Period, member_id: int | None) -> dict[str, Any]:
    return {
        "organization": current_organization_id(),
        "period": period.pk,
        "member": member_id,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "member_card": OwnerKind.MEMBER.value,
    }


def inputs_of(person: Gathered) -> dict[str, Any]:
    """What a line is computed from, ready for canonical JSON: numbers as plain text, ids, and no name."""
    p1, p1_rate = _rate(person.own_p1, person.member_pay, person.position_p1, person.position_pay)
    p3, p3_rate = _rate(person.own_p3, person.member_pay, person.position_p3, person.position_pay)
    reason = _no_score(person)
    return {
        "member": person.member,
        "department": person.department,
        "position": person.position,
        "paid_on": person.paid_on.isoformat(),
        "p1_amount": plain(p1),
        "p1_rate": p1_rate,
        "p2_coefficient": plain(ONE if person.p2_coefficient is None else person.p2_coefficient),
        "p2_rate": f"member:{person.member_pay}" if person.member_pay else "",
        "p3_target_amount": plain(p3),
        "p3_rate": p3_rate,
        "card": person.card,
        "score_percent": None if reason or person.percent is None else plain(round_percent(person.percent)),
        "no_score": reason,
        "measured_weight": plain(person.measured_weight),
        "is_provisional": person.is_provisional,
        "moved": person.moved,
        "part_month": person.part_month,
    }


def pay_lines(people: Iterable[Gathered], tiers: Sequence[Tier], currency: str) -> Iterator[PaidLine]:
    """Pay everybody; the numbers and traces come from pay_rules alone."""
    for person in people:
        inputs, trace = inputs_of(person), Trace()
        result = pay_of(seal.pay_input(inputs), tiers, currency, trace)
        yield PaidLine(person, inputs, result, flag_of(inputs, result.p3_state), trace.to_bytes())


def flag_of(inputs: dict[str, Any], p3_state: P3State) -> str:
    """The first reason why a line needs a look, or an empty text."""
    holds = {
        PayFlag.NO_RATE: not inputs["p1_rate"],
        PayFlag.NO_SCORE: p3_state == P3State.NO_SCORE,
        PayFlag.PROVISIONAL: p3_state == P3State.SCORED and inputs["is_provisional"],
        PayFlag.PART_MONTH: inputs["part_month"],
        PayFlag.MOVED: inputs["moved"],
    }
    return next((flag.value for flag, held in holds.items() if held), "")


def write_lines(run: PayRun, lines: Sequence[PaidLine], progress: Callable[[int], None], batch: int = 1000) -> None:
    """Replace the lines of a run. COPY cannot write a table with row security: it fills a temporary one first."""
    organization_id = current_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM payroll_payline WHERE organization_id = %s AND run_id = %s", [organization_id, run.pk]
        )
        cursor.execute(_MAKE_COPY_SQL)
        for start in range(0, len(lines), batch):
            part = lines[start : start + batch]
            text = "".join(_copy_row(run, organization_id, line) for line in part)
            copy(_COPY_SQL, io.StringIO(text))
            progress(start + len(part))
        cursor.execute(_INSERT_SQL)


def _copy_row(run: PayRun, organization_id: int, line: PaidLine) -> str:
    person, result = line.person, line.result
    tier = result.tier
    values = (
        organization_id,
        run.pk,
        person.member,
        person.code,
        person.name,
        person.sort_key,
        person.department_name,
        person.position_name,
        result.p1_amount,
        line.inputs["p2_coefficient"],
        result.p2_amount,
        result.p3_target_amount,
        result.score_percent,
        tier.name if tier else "",
        tier.coefficient if tier else None,
        result.p3_amount,
        result.gross_amount,
        line.flag,
        json.dumps(line.inputs, ensure_ascii=False),
        line.trace.decode(),
    )
    return "\t".join(_copy_value(value) for value in values) + "\n"


def _copy_value(value: Any) -> str:
    if value is None:
        return r"\N"
    text = str(value).replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _rate(
    own: Decimal | None, own_id: int | None, common: Decimal | None, common_id: int | None
) -> tuple[Decimal, str]:
    """The person's own amount before the position's, and which row it stands in ("" when neither is set)."""
    if own is not None:
        return own, f"member:{own_id}"
    if common is not None:
        return common, f"position:{common_id}"
    return ZERO, ""


def _no_score(person: Gathered) -> str:
    if person.card is None:
        return NoScore.NO_CARD.value
    if person.card_state != CardState.AGREED:
        return NoScore.NOT_AGREED.value
    if person.is_blocked:
        return NoScore.BLOCKED.value
    return NoScore.NOT_MEASURED.value if person.percent is None else ""
