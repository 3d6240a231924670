"""A cast of characters: one company with a person for every role, as plain objects that tests can name."""

import datetime
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password
from django.test import Client

from kpiapp import queries
from kpiapp.choices import PeriodKind, Role
from kpiapp.models import Department, Employment, Member, Organization, Period, Position, RoleGrant, User
from kpiapp.tenancy import organization_scope

STORY_DAY = datetime.date(2026, 11, 20)
# Where a grant needs an end that no test reaches.
FAR_END = datetime.date(2100, 1, 1)
PASSWORD = "correct horse battery staple"


@cache
def password_hash() -> str:
    """Hashing is slow by design: once for everybody."""
    return make_password(PASSWORD)


@dataclass
class Cast:
    """A company: `lan` works in Sales for `manager` (Nam), who reports to `director`; the rest hold one role each."""

    organization: Organization
    period: Period
    department: Department
    other_department: Department
    position: Position
    director: Member
    manager: Member
    lan: Member
    minh: Member
    owner: Member
    hr: Member
    strategy: Member
    payroll_maker: Member
    payroll_approver: Member
    auditor: Member

    def acting(self, member: Member) -> Member:
        """The member with roles loaded, as a request would see them; call it inside the scope."""
        return queries.load_access(Member.objects.filter(pk=member.pk), STORY_DAY)

    def client(self, member: Member) -> Client:
        """A browser in which the member is signed in."""
        client = Client()
        client.force_login(member.user)
        return client

    def url(self, path: str = "") -> str:
        """Address inside the company."""
        return f"/{self.organization.slug}/{path}"


def build_cast(slug: str, language: str) -> Cast:
    """Create the company with its people, employment since 2026-01-01, and November 2026 as an open month."""
    names = {"an-phat": "Công ty Cổ phần An Phát", "binh-minh": "Binh Minh Canary Ltd"}
    organization = Organization.objects.create(name=names.get(slug, slug), slug=slug, language=language)
    with organization_scope(organization):
        period = Period.objects.create(
            kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 11, 1), ends_on=datetime.date(2026, 12, 1)
        )
        company = Department.objects.create(code="CO", name=organization.name)
        sales = Department.objects.create(code="SAL", name="Phòng Kinh doanh", parent=company)
        service = Department.objects.create(code="SVC", name="Phòng Dịch vụ", parent=company)
        position = Position.objects.create(code="REP", name="Nhân viên kinh doanh")
        lead = Position.objects.create(code="LEAD", name="Trưởng phòng")
        people = {}

        def person(key: str, name: str, department: Department, manager: Member | None, job: Position = position):
            email = f"{key.replace('_', '.')}@{slug}.example"
            user = User.objects.create(
                email=email,
                password=password_hash(),
                name=name,
                language=language,
                organization_ids=[organization.pk],
            )
            member = Member.objects.create(user=user, code=f"NV{len(people) + 1:03}", name=name, email=email)
            Employment.objects.create(
                member=member,
                department=department,
                position=job,
                manager=manager,
                valid_from=datetime.date(2026, 1, 1),
            )
            people[key] = member
            return member

        director = person("director", "Hoàng Văn Đức", company, None, lead)
        manager = person("manager", "Trần Hoài Nam", sales, director, lead)
        person("lan", "Lê Thị Lan", sales, manager)
        person("minh", "Đỗ Quang Minh", service, director)
        for role, name in (
            (Role.OWNER, "Phạm Thu Hà"),
            (Role.HR, "Vũ Ngọc Ánh"),
            (Role.STRATEGY, "Bùi Thanh Sơn"),
            (Role.PAYROLL_MAKER, "Ngô Bảo Châu"),
            (Role.PAYROLL_APPROVER, "Đặng Kim Oanh"),
            (Role.AUDITOR, "Lý Gia Hân"),
        ):
            member = person(str(role), name, company, director)
            RoleGrant.objects.create(
                member=member,
                role=role,
                valid_from=datetime.date(2026, 1, 1),
                valid_to=FAR_END,
                granted_by=director,
                confirmed_by=manager,
                confirmed_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            )
        Department.objects.filter(pk=sales.pk).update(head=manager)
        Department.objects.filter(pk=company.pk).update(head=director)
        return Cast(
            organization=organization,
            period=period,
            department=sales,
            other_department=service,
            position=position,
            **{key: people[key] for key in people},
        )
