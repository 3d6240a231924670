"""An organization: how it begins, its settings, and which of them a user belongs to."""

import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from kpiapp import registry
from kpiapp.choices import Role
from kpiapp.fiscal_years import add_months, fiscal_year_start
from kpiapp.models import RESERVED_SLUGS, Department, Employment, Member, Organization, Position, RoleGrant, User
from kpiapp.services import audit
from kpiapp.services.periods import fill_fiscal_year, shift_fiscal_year
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from kpiapp.text import search_key

SETTINGS = (
    "name",
    "language",
    "currency",
    "time_zone",
    "fiscal_year_start_month",
    "long_periods",
    "csv_delimiter",
    "zero_target_full_if_met",
)
# What a founder needs until there are others to share it with. Pay is not among it: that takes two persons.
FOUNDER_ROLES = (Role.OWNER, Role.HR, Role.STRATEGY)
SLUG_LENGTH = 50
SLUG_TRIES = 1000


def free_slug(name: str) -> str:
    """An address for a company: its name without accents, with a number behind it when it is taken."""
    base = slugify(search_key(name))[:SLUG_LENGTH].strip("-") or "company"
    taken = set(Organization.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    candidates = (base, *(f"{base}-{number}" for number in range(2, SLUG_TRIES)))
    return next(slug for slug in candidates if slug not in taken)


@transaction.atomic
def create_organization(
    *, name: str, owner: User, owner_name: str, on: datetime.date, language: str, with_sample_data: bool = False
) -> Organization:
    """A company ready to work in: its owner, a first department and position, two fiscal years, and what apps add.

    What apps add (perspectives, tiers, sample data) is named in the company's language.
    """
    organization = _create(name=name.strip(), language=language)
    join(user=owner, organization=organization)
    with organization_scope(organization), override(language):
        member = _add_owner(organization=organization, user=owner, name=owner_name, on=on)
        first = fiscal_year_start(on, organization.fiscal_year_start_month)
        for start in (first, add_months(first, 12)):
            fill_fiscal_year(starts_on=start)
        for start in registry.ORGANIZATION_STARTERS:
            start(organization, member)
        audit.record(action="organization.create", target=organization, by=member, after={"name": organization.name})
        if with_sample_data:
            for fill in registry.SAMPLE_DATA:
                fill(organization, member)
    return organization


def _create(*, name: str, language: str) -> Organization:
    try:
        with transaction.atomic():
            return Organization.objects.create(name=name, slug=free_slug(name), language=language)
    except IntegrityError:
        # Somebody took the address between looking and writing: look once more.
        return Organization.objects.create(name=name, slug=free_slug(name), language=language)


def _add_owner(*, organization: Organization, user: User, name: str, on: datetime.date) -> Member:
    member = Member.objects.create(user=user, code="NV001", name=name, email=user.email)
    company = Department.objects.create(code="CO", name=organization.name, head=member)
    position = Position.objects.create(code="DIR", name=_("Director"))
    Employment.objects.create(member=member, department=company, position=position, valid_from=on)
    RoleGrant.objects.bulk_create([RoleGrant(member=member, role=role, valid_from=on) for role in FOUNDER_ROLES])
    return member


def join(*, user: User, organization: Organization) -> None:
    """Put an organization on the user's list of those to switch between."""
    if organization.pk not in user.organization_ids:
        user.organization_ids = [*user.organization_ids, organization.pk]
        user.save(update_fields=["organization_ids"])


def leave(*, user: User, organization: Organization) -> None:
    """Take it off the list; whoever belongs to no organization any more is signed out everywhere."""
    user.organization_ids = [pk for pk in user.organization_ids if pk != organization.pk]
    user.save(update_fields=["organization_ids"])
    if not user.organization_ids:
        user.end_sessions()


@transaction.atomic
def edit_organization(*, organization: Organization, on: datetime.date, by: Member, **changes) -> Organization:
    """Change what it is called and how it counts; what else a setting moves, apps see to (registry.AFTER_SETTINGS)."""
    before = {key: getattr(organization, key) for key in SETTINGS}
    after = {**before, **changes}
    changed = [key for key in SETTINGS if after[key] != before[key]]
    if not changed:
        return organization
    if "fiscal_year_start_month" in changed:
        shift_fiscal_year(start_month=after["fiscal_year_start_month"], on=on)
    for key in changed:
        setattr(organization, key, after[key])
    if not organization.name.strip():
        raise Refused(_("A company needs a name."), field="name")
    organization.save(update_fields=[*changed, "sort_key"])
    audit.record_changes(action="organization.edit", target=organization, by=by, before=before, after=after)
    for follow in registry.AFTER_SETTINGS:
        follow(changed)
    return organization
