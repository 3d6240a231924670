"""Pay of a demo company: rates, tiers in force, and the paid months of its history."""

import datetime
from decimal import Decimal
from random import Random
from typing import Any

from kpiapp.models import Period
from payroll.demo.people import Staff
from payroll.models import MemberPay, PositionPay


def pay_history(
    spec: dict[str, Any], staff: Staff, months: list[Period], today: datetime.date, random: Random
) -> None:
    """Rates since the first day of the history."""
    first_day = months[0].starts_on
    jobs = [job for unit in spec["departments"] for job in unit["positions"]]
    PositionPay.objects.bulk_create(
        PositionPay(
            position=staff.positions[job["code"]],
            p1_amount=Decimal(job["p1"]),
            p3_target_amount=Decimal(job["p3"]),
            valid_from=first_day,
        )
        for job in jobs
    )
    MemberPay.objects.bulk_create(
        MemberPay(member=member, p2_coefficient=Decimal(random.randint(18, 24)) / 20, valid_from=first_day)
        for member in staff.everyone
    )
