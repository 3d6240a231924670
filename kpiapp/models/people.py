"""Users, members of an organization, and where they stand in it by date."""

import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from kpiapp.choices import PAY_ROLES, Language, Role
from kpiapp.tenancy import OrganizationForeignKey, OrganizationManager, OrganizationModel, OrganizationQuerySet
from kpiapp.text import KeyField, person_sort_key, search_key, sort_key


class DateRange(Func):
    """The half-open range [valid_from, valid_to) of an effective-dated row."""

    function = "daterange"
    output_field = DateRangeField()


def no_overlap(name: str, *columns: str, condition: Q | None = None) -> ExclusionConstraint:
    """No two effective-dated rows of the same organization and columns may share a day (among those of a condition)."""
    same = [(column, RangeOperators.EQUAL) for column in ("organization", *columns)]
    return ExclusionConstraint(
        name=name,
        expressions=[*same, (DateRange(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS)],
        condition=condition,
    )


class DatedQuerySet(OrganizationQuerySet):
    """Rows that hold from a day on and up to, but without, another."""

    def on(self, day):
        """The rows that hold on a day."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


class UserManager(BaseUserManager):
    """Users are known by their e-mail address, in lower case."""

    def create_user(self, email, password=None, **fields):
        """A user who can sign in."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @classmethod
    def normalize_email(cls, email):
        """The whole address in lower case: nobody means two people by it."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, email):
        """The user of an address, however it was typed."""
        return self.get(email=self.normalize_email(email))


class User(AbstractBaseUser):
    """A person who signs in; may be a member of several organizations."""

    email = models.EmailField(_("E-mail"), unique=True)
    name = models.CharField(_("Name"), max_length=200, blank=True)
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.VIETNAMESE)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # For the switcher only: what a user may enter is decided by the Member row inside each organization.
    organization_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # Part of what every session is signed with: counting it up ends them all at once.
    session_epoch = models.PositiveIntegerField(default=0)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=models.functions.Lower("email")), name="user_email_lower")
        ]

    def __str__(self):
        return self.name or self.email

    def get_session_auth_hash(self):
        """A session ends when the password changes, and when end_sessions() is called."""
        return salted_hmac(
            "kpiapp.models.User", f"{self.password}:{self.session_epoch}", algorithm="sha256"
        ).hexdigest()

    def end_sessions(self) -> None:
        """Sign the user out everywhere, from the next request on."""
        self.session_epoch = F("session_epoch") + 1
        self.save(update_fields=["session_epoch"])
        self.refresh_from_db(fields=["session_epoch"])


class Department(OrganizationModel):
    """A unit of the organization, in a tree."""

    code = models.CharField(_("Code"), max_length=40)
    name = models.CharField(_("Name"), max_length=200)
    parent = OrganizationForeignKey("self", null=True, blank=True, related_name="children")
    head = OrganizationForeignKey("kpiapp.Member", null=True, blank=True, on_delete=models.SET_NULL)
    is_active = models.BooleanField(default=True)
    search_key = KeyField(key=search_key)
    sort_key = KeyField(key=sort_key)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="department_code_once")]

    def __str__(self):
        return self.name


class Position(OrganizationModel):
    """A job that people hold; pay P1 and KPI templates hang on it."""

    code = models.CharField(_("Code"), max_length=40)
    name = models.CharField(_("Name"), max_length=200)
    search_key = KeyField(key=search_key)
    sort_key = KeyField(key=sort_key)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="position_code_once")]

    def __str__(self):
        return self.name


class Member(OrganizationModel):
    """A person in an organization, with or without a login."""

    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    code = models.CharField(_("Employee code"), max_length=40)
    name = models.CharField(_("Name"), max_length=200)
    email = models.EmailField(_("E-mail"), blank=True)
    is_active = models.BooleanField(default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    search_key = KeyField(key=search_key)
    sort_key = KeyField(key=person_sort_key)

    # Filled for the acting member by kpiapp.queries.load_access(); empty means "not the acting member".
    roles: frozenset[str] = frozenset()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="member_code_once"),
            models.UniqueConstraint(fields=["organization", "user"], name="member_user_once"),
            models.CheckConstraint(
                condition=Q(is_active=True, deactivated_at=None) | Q(is_active=False, deactivated_at__isnull=False),
                name="member_deactivated_at",
            ),
        ]
        indexes = [models.Index(fields=["organization", "sort_key"])]

    def __str__(self):
        return self.name

    @property
    def initials(self) -> str:
        """First letters of the first and the last word of the name."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def last_day_of(row) -> datetime.date | None:
    """The last day on which an effective-dated row holds; None when its end is open."""
    return row.valid_to - datetime.timedelta(days=1) if row.valid_to else None


class Employment(OrganizationModel):
    """Where a person stands from a day on: department, position, manager. Ranges of one person never overlap."""

    member = OrganizationForeignKey(Member, on_delete=models.CASCADE, related_name="employments")
    department = OrganizationForeignKey(Department)
    position = OrganizationForeignKey(Position)
    manager = OrganizationForeignKey(Member, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    objects = OrganizationManager.from_queryset(DatedQuerySet)()

    class Meta:
        constraints = [
            no_overlap("employment_no_overlap", "member"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="employment_range_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(manager=None) | ~Q(manager=F("member")), name="employment_not_own_manager"
            ),
        ]

    @property
    def last_day(self) -> datetime.date | None:
        """None when the end is open."""
        return last_day_of(self)


class RoleGrant(OrganizationModel):
    """A role given to a member for a time. A pay role has an end, and counts once a second person has confirmed it."""

    member = OrganizationForeignKey(Member, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    granted_by = OrganizationForeignKey(Member, null=True, indexed=False)
    confirmed_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager.from_queryset(DatedQuerySet)()

    class Meta:
        constraints = [
            no_overlap("role_grant_no_overlap", "member", "role"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("granted_by")) | Q(granted_by=None),
                name="role_grant_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(role__in=sorted(role.value for role in PAY_ROLES)) | Q(valid_to__isnull=False),
                name="role_grant_pay_ends",
            ),
        ]

    @property
    def last_day(self) -> datetime.date | None:
        """None when the end is open."""
        return last_day_of(self)


class Invitation(OrganizationModel):
    """A mailed link by which a person becomes the login of a member. Only the hash of its token is kept."""

    member = OrganizationForeignKey(Member, on_delete=models.CASCADE)
    email = models.EmailField()
    token_hash = models.CharField(max_length=64)
    invited_by = OrganizationForeignKey(Member, null=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "token_hash"], name="invitation_token_once")]


class ApiToken(OrganizationModel):
    """A key for a machine that pushes actuals or reads scores. It never opens pay. Only its hash is kept."""

    name = models.CharField(_("Name"), max_length=100)
    token_hash = models.CharField(max_length=64)
    member = OrganizationForeignKey(Member, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "token_hash"], name="api_token_hash_once")]

    def __str__(self):
        return self.name
