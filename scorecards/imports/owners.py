"""Whose card, which KPI, which period: what rows about scorecards refer to, by code."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from kpiapp import queries
from kpiapp.choices import Scope
from kpiapp.models import Department, Member, Period
from kpiapp.permissions import Permission, scope_of
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import Row, Run
from kpiapp.text import search_key
from scorecards.services.scorecards import Owner
from strategy.choices import KpiState
from strategy.models import KpiDefinition
from strategy.visibility import visible_kpis

_MONTH = re.compile(r"(?:thang|month|t|m)?[ ./-]*(\d{1,2})[ ./-]+(\d{4})")
_MONTH_ISO = re.compile(r"(\d{4})[ ./-]+(?:thang|t|m)?[ ]*(\d{1,2})(?:[ ./-]+0?1)?")
_PART = re.compile(r"(?:(\d{4})[ ./-]*([qh])(?:uy)?[ ]*(\d)|(?:([qh])(?:uy|uarter)?)[ ]*(\d)[ ./-]*(\d{4}))")

OWNER = ImportField(
    "owner",
    pgettext_lazy("card", "Owner"),
    kind=FieldKind.CODE,
    required=True,
    max_length=60,
    synonyms=(
        "employee code",
        "employee",
        "mã nhân viên",
        "mã nv",
        "mã",
        "department code",
        "mã phòng ban",
        "owner code",
    ),
    help=gettext_lazy("Code of a person or department; the company's address for its own card."),
    example="NV012",
)
KPI = ImportField(
    "kpi",
    "KPI",
    kind=FieldKind.CODE,
    required=True,
    max_length=200,
    synonyms=("kpi code", "mã kpi", "chỉ tiêu", "mã chỉ tiêu", "kpi name", "tên kpi"),
    help=gettext_lazy("Its code, or its name."),
    example="KPI-001",
)


def period_field(*, required: bool) -> ImportField:
    """The month, quarter, half-year or year of a card."""
    return ImportField(
        "period",
        gettext_lazy("Period"),
        required=required,
        max_length=40,
        synonyms=("month", "quarter", "tháng", "kỳ", "quý", "năm"),
        help=gettext_lazy("Like 2026-11, 11/2026, 2026-Q4, 2026-H2 or 2026."),
        example="2026-11",
    )


def period_code(text: str) -> str:
    """What people write for a period, as its code: "Tháng 11/2026" is 2026-11, "Q4 2026" is 2026-Q4; "" if unknown."""
    # "FY2026-Q1" is the first quarter of the company's own year, as "Q1 2026" is to those who work by it.
    typed = search_key(text).removeprefix("fy").strip()
    if re.fullmatch(r"\d{4}", typed):
        return typed
    if match := _PART.fullmatch(typed):
        year, letter, number = (match[1], match[2], match[3]) if match[1] else (match[6], match[4], match[5])
        return f"{year}-{letter.upper()}{number}"
    if match := _MONTH_ISO.fullmatch(typed):
        return f"{match[1]}-{int(match[2]):02}"
    if match := _MONTH.fullmatch(typed):
        return f"{match[2]}-{int(match[1]):02}"
    return ""


@dataclass
class Owners:
    """People, departments, KPIs and periods by code; only those the importing member may write about."""

    owners: dict[str, Owner]
    kpis: dict[str, KpiDefinition]
    kpi_names: dict[str, list[KpiDefinition]]
    periods: dict[str, Period]

    def owner(self, code: str) -> Owner:
        """Raises RowRefused."""
        if code not in self.owners:
            raise RowRefused(
                _("There is no person or department “%(code)s” whose card you may fill. Correct the code.")
                % {"code": code}
            )
        return self.owners[code]

    def kpis_named(self, texts: set[str]) -> list[KpiDefinition]:
        """KPIs that any of these codes or names may mean."""
        keys = {search_key(text) for text in texts}
        return [kpi for code, kpi in self.kpis.items() if code in texts or kpi.search_key in keys]

    def kpi(self, text: str) -> KpiDefinition:
        """By code, else by name. Raises RowRefused."""
        if text in self.kpis:
            return self.kpis[text]
        named = self.kpi_names.get(search_key(text), [])
        if len(named) == 1:
            return named[0]
        if named:
            raise RowRefused(_("Several KPIs are called “%(name)s”. Write the code instead.") % {"name": text})
        raise RowRefused(
            _("There is no KPI with the code “%(code)s”. Create it in the KPI library, or correct the code.")
            % {"code": text}
        )

    def period(self, text: str) -> Period:
        """Raises RowRefused."""
        code = period_code(text)
        if not code:
            raise RowRefused(_("“%(typed)s” is no period. Write it like 2026-11 or 2026-Q4.") % {"typed": text})
        if code not in self.periods:
            raise RowRefused(_("There is no period %(code)s here. Ask HR to open that year.") % {"code": code})
        return self.periods[code]


def read_owners(rows: Sequence[Row], run: Run, permission: Permission) -> Owners:
    """People and departments the member may write about, active KPIs and all periods: four queries."""
    codes = {row.values["owner"] for row in rows if "owner" in row.values}
    members, departments = Member.objects.all(), Department.objects.all()
    owners: dict[str, Owner] = {}
    everything = run.by is None or scope_of(run.by, permission) == Scope.ALL
    if run.by is not None:
        members = queries.visible_members(run.by, permission, run.on)
        departments = queries.visible_departments(run.by, permission, run.on)
    if everything:
        owners[run.organization.slug] = run.organization
    owners |= {department.code: department for department in departments.filter(code__in=codes)}
    owners |= {member.code: member for member in members.filter(code__in=codes)}
    known = KpiDefinition.objects.all() if run.by is None else visible_kpis(run.by, run.on)
    in_use = known.filter(is_active=True, state=KpiState.ACTIVE, current__isnull=False)
    definitions = list(in_use.select_related("current"))
    names: dict[str, list[KpiDefinition]] = {}
    for definition in definitions:
        names.setdefault(definition.search_key, []).append(definition)
    return Owners(
        owners,
        {definition.code: definition for definition in definitions},
        names,
        {period.code.removeprefix("FY"): period for period in Period.objects.all()},
    )


def refuse_locked(period: Period) -> None:
    """Raises RowRefused for a period that takes no more changes."""
    if not period.is_open:
        raise RowRefused(_("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label})


def last_day_until(period: Period, on: datetime.date) -> datetime.date:
    """The day of an entry that names only its period: its last day, or today while it runs."""
    return max(min(period.last_day, on), period.starts_on)
