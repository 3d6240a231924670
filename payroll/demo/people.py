"""People of a demo company: departments, positions, employment with a team under each lead, roles and logins."""

import datetime
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from kpiapp.choices import PAY_ROLES, Role
from kpiapp.fiscal_years import add_months
from kpiapp.models import Department, Employment, Member, Organization, Position, RoleGrant, User
from payroll.demo.names import person_names

PASSWORD = "demo"


@dataclass
class Staff:
    """Who is who, by the codes that the company's file uses."""

    departments: dict[str, Department] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    holders: dict[str, list[Member]] = field(default_factory=dict)
    managers: dict[int, Member] = field(default_factory=dict)
    department_of: dict[int, str] = field(default_factory=dict)
    position_of: dict[int, str] = field(default_factory=dict)
    since: dict[int, datetime.date] = field(default_factory=dict)

    @property
    def top(self) -> Member:
        """Who leads the company."""
        return next(iter(self.holders.values()))[0]

    @property
    def everyone(self) -> list[Member]:
        """All people, the top first."""
        return [member for members in self.holders.values() for member in members]


def hire(spec: dict[str, Any], organization: Organization, first_day: datetime.date, random: Random) -> Staff:
    """Create departments, positions, people and where they stand since the first day of the history."""
    staff = Staff()
    jobs = [(unit["code"], job) for unit in spec["departments"] for job in unit["positions"]]
    names = iter(person_names(spec["language"], sum(job["count"] for _, job in jobs), random))
    prefix = "NV" if spec["language"] == "vi" else "E"
    company, _ = Department.objects.get_or_create(code="CO", defaults={"name": organization.name})
    number = 0
    for unit in spec["departments"]:
        department = Department.objects.create(code=unit["code"], name=unit["name"], parent=company)
        staff.departments[unit["code"]] = department
        for job in unit["positions"]:
            staff.positions[job["code"]] = Position.objects.create(code=job["code"], name=job["name"])
            people = []
            for _ in range(job["count"]):
                number += 1
                people.append(Member(code=f"{prefix}{number:04}", name=next(names)))
            staff.holders[job["code"]] = Member.objects.bulk_create(people)
            for member in people:
                staff.department_of[member.pk], staff.position_of[member.pk] = unit["code"], job["code"]
        _appoint_lead(staff, unit, department)
    Department.objects.filter(pk=company.pk).update(head=staff.top)
    _employ(staff, spec, first_day, random)
    return staff


def _appoint_lead(staff: Staff, unit: dict[str, Any], department: Department) -> None:
    """The first holder of the unit's first position leads it; middle leads share out the largest position's people."""
    lead = staff.holders[unit["positions"][0]["code"]][0]
    Department.objects.filter(pk=department.pk).update(head=lead)
    leads = [member for job in unit["positions"][1:-1] for member in staff.holders[job["code"]]]
    for job in unit["positions"]:
        for index, member in enumerate(staff.holders[job["code"]]):
            shared = job is unit["positions"][-1] and unit["code"] == "SAL" and leads
            staff.managers[member.pk] = leads[index % len(leads)] if shared else lead
    if lead is not staff.top:
        staff.managers[lead.pk] = staff.top
    else:
        staff.managers.pop(lead.pk)


def _employ(staff: Staff, spec: dict[str, Any], first_day: datetime.date, random: Random) -> None:
    """Most were there before the history starts; a few joined during it, one changed department, one left."""
    rows = []
    newcomers = set(random.sample([member.pk for member in staff.everyone[10:]], len(staff.everyone) // 20))
    for member in staff.everyone:
        start = first_day - datetime.timedelta(days=random.randint(30, 2000))
        if member.pk in newcomers:
            start = first_day + datetime.timedelta(days=random.randint(40, 240))
        staff.since[member.pk] = start
        rows.append(
            Employment(
                member=member,
                department=staff.departments[staff.department_of[member.pk]],
                position=staff.positions[staff.position_of[member.pk]],
                manager=staff.managers.get(member.pk),
                valid_from=start,
            )
        )
    Employment.objects.bulk_create(rows)
    _transfer(staff, spec, first_day)


def _transfer(staff: Staff, spec: dict[str, Any], first_day: datetime.date) -> None:
    """One person of the last department came from the one before it, in the seventh month."""
    member = staff.everyone[-1]
    moved_on = first_day + datetime.timedelta(days=195)
    if staff.since[member.pk] >= moved_on:
        return
    now = Employment.objects.get(member=member)
    former = spec["departments"][-2]
    Employment.objects.filter(pk=now.pk).update(valid_from=moved_on)
    Employment.objects.create(
        member=member,
        department=staff.departments[former["code"]],
        position=staff.positions[former["positions"][-1]["code"]],
        manager=staff.holders[former["positions"][0]["code"]][0],
        valid_from=staff.since[member.pk],
        valid_to=moved_on,
    )


def give_logins(
    spec: dict[str, Any], organization: Organization, staff: Staff, first_day: datetime.date, today: datetime.date
) -> None:
    """A login for each role, a manager and an employee."""
    password = make_password(PASSWORD)
    taken: set[int] = set()
    holders = {**{Role(role): position for role, position in spec["roles"].items()}}
    for name, position in {**spec["roles"], "manager": spec["manager"], "employee": spec["employee"]}.items():
        member = next(each for each in staff.holders[position] if each.pk not in taken)
        taken.add(member.pk)
        email = f"{name.replace('_', '.')}@{organization.slug}.example"
        member.user = User.objects.create(
            email=email,
            password=password,
            name=member.name,
            language=spec["language"],
            organization_ids=[organization.pk],
        )
        member.email = email
        member.save(update_fields=["user", "email"])
        if name in holders:
            _grant(member, Role(name), staff, first_day, today)


def _grant(member: Member, role: Role, staff: Staff, first_day: datetime.date, today: datetime.date) -> None:
    """A role since the first day; one that opens pay was given again, for a year, this month."""
    others = [each for each in staff.everyone if each != member]
    renewed = today.replace(day=1)
    times = [(first_day, renewed), (renewed, add_months(renewed, 12))] if role in PAY_ROLES else [(first_day, None)]
    for valid_from, valid_to in times:
        RoleGrant.objects.create(
            member=member,
            role=role,
            valid_from=valid_from,
            valid_to=valid_to,
            granted_by=others[0],
            confirmed_by=others[1],
            confirmed_at=timezone.now(),
        )
