"""The current organization: its scope, the base model of everything it owns, and the walls around both."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.apps import apps
from django.db import connections, models, transaction
from django.db.models.functions import Cast

from kpiapp.constraints import ORGANIZATION_SETTING, SameTenantFK, TenantRLS


class _Opened:
    """An organization whose scope is open: its id, and its row once somebody has brought or asked for it."""

    __slots__ = ("organization", "pk")

    def __init__(self, given):
        self.organization = given if isinstance(given, models.Model) else None
        self.pk = getattr(given, "pk", given)


_current: ContextVar[_Opened] = ContextVar("organization", default=_Opened(None))  # noqa: B039  (never written to)


class NoOrganizationScope(RuntimeError):
    """Tenant data was touched while no organization's scope was open: a bug, never a user's mistake."""


class OtherOrganization(RuntimeError):
    """A row of one organization was about to be written inside another one's scope."""


@contextmanager
def organization_scope(organization) -> Iterator[None]:
    """Open the scope of an organization (or its id) as one transaction; scopes nest and restore."""
    with _scope() as connection, _current_is(organization) as scope:
        _tell_database(connection, scope.pk)
        yield


@contextmanager
def scope_of_first(organizations: models.QuerySet) -> Iterator[models.Model | None]:
    """Open the scope of the first of these organizations, in the statement that reads it; without any, no scope."""
    setting = models.Func(
        models.Value(ORGANIZATION_SETTING),
        Cast("pk", models.TextField()),
        models.Value(True),
        function="set_config",
        output_field=models.TextField(),
    )
    with _scope():
        organization = organizations.annotate(scope_opened=setting).first()
        with _current_is(organization):
            yield organization


@contextmanager
def _scope() -> Iterator:
    """The transaction of a scope; it leaves the database as it was before."""
    connection = connections["default"]
    nested = connection.in_atomic_block
    with transaction.atomic():
        yield connection
        # An exception undoes the setting with its savepoint; the outermost commit forgets it by itself.
        if nested and not connection.needs_rollback:
            _tell_database(connection, _current.get().pk)


@contextmanager
def _current_is(organization) -> Iterator[_Opened]:
    scope = _Opened(organization)
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


def current_organization_id() -> int:
    """Id of the organization whose scope is open; raises NoOrganizationScope when none is."""
    organization_id = _current.get().pk
    if organization_id is None:
        raise NoOrganizationScope("Open organization_scope(...) before reading or writing tenant data.")
    return organization_id


def current_organization() -> models.Model:
    """The organization whose scope is open, with its settings; read once for each scope, requests bring it along."""
    organization_id, scope = current_organization_id(), _current.get()
    if scope.organization is None:
        scope.organization = apps.get_model("kpiapp", "Organization").objects.get(pk=organization_id)
    return scope.organization


def _tell_database(connection, organization_id: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [ORGANIZATION_SETTING, str(organization_id or "")])


class OrganizationQuerySet(models.QuerySet):
    """Rows of the current organization; bulk writes are stamped and checked like single ones."""

    def bulk_create(self, objs, *args, **options):
        """Stamp every row with the current organization, then insert."""
        objs = list(objs)
        for obj in objs:
            obj.stamp_organization()
        return super().bulk_create(objs, *args, **options)


class OrganizationManager(models.Manager.from_queryset(OrganizationQuerySet)):
    """Fails closed: no scope, no rows."""

    def get_queryset(self):
        """Only rows of the current organization; raises NoOrganizationScope when none is open."""
        return super().get_queryset().filter(organization_id=current_organization_id())

    @classmethod
    def from_queryset(cls, queryset_class, class_name=None):
        """Lets an app add its own filters on top of the scoped ones."""
        if not issubclass(queryset_class, OrganizationQuerySet):
            raise TypeError("A tenant queryset extends OrganizationQuerySet.")
        return super().from_queryset(queryset_class, class_name)


class _SameOrganization:
    """A reference inside the organization. Its constraint is composite and added by the model's metaclass."""

    def __init__(self, to, on_delete=models.PROTECT, *, indexed: bool = True, **options):
        self.indexed = indexed
        options.update(db_constraint=False)
        options.setdefault("related_name", "+")
        super().__init__(to, on_delete, **options)

    def deconstruct(self):
        """Migrations see an ordinary reference: the wall is the constraint beside it."""
        name, _, args, options = super().deconstruct()
        return name, f"django.db.models.{self.django_name}", args, options


class OrganizationForeignKey(_SameOrganization, models.ForeignKey):
    """Many-to-one inside the organization, indexed as (organization, column)."""

    django_name = "ForeignKey"

    def __init__(self, to, on_delete=models.PROTECT, **options):
        options.update(db_index=False)
        super().__init__(to, on_delete, **options)


class OrganizationOneToOneField(_SameOrganization, models.OneToOneField):
    """One-to-one inside the organization."""

    django_name = "OneToOneField"

    def __init__(self, to, on_delete=models.CASCADE, **options):
        super().__init__(to, on_delete, indexed=False, **options)


class _OrganizationModelBase(models.base.ModelBase):
    """Gives every tenant table its walls, so that none can be forgotten."""

    def __new__(cls, name, bases, attrs, **kwargs):
        meta = attrs.get("Meta")
        if not getattr(meta, "abstract", False):
            app_label = getattr(meta, "app_label", attrs["__module__"].split(".")[0])
            table = f"{app_label}_{name.lower()}"
            references = {key: value for key, value in attrs.items() if isinstance(value, _SameOrganization)}
            own = {"constraints": list(getattr(meta, "constraints", [])), "indexes": list(getattr(meta, "indexes", []))}
            own["constraints"].append(TenantRLS(name=f"{table}_tenant"))
            if not any(getattr(value, "primary_key", False) for value in attrs.values()):
                own["constraints"].append(
                    models.UniqueConstraint(fields=["organization", "id"], name=f"{table}_organization_id_uniq")
                )
            for key, reference in references.items():
                own["constraints"].append(SameTenantFK(field=key, name=f"{table}_{key}_same"))
                if reference.indexed:
                    own["indexes"].append(models.Index(fields=["organization", key]))
            attrs["Meta"] = type("Meta", (meta,) if meta else (), own)
        return super().__new__(cls, name, bases, attrs, **kwargs)


class OrganizationModel(models.Model, metaclass=_OrganizationModelBase):
    """Base of everything an organization owns: scoped manager, row security, composite references."""

    organization = models.ForeignKey(
        "kpiapp.Organization", models.CASCADE, related_name="+", db_index=False, editable=False
    )

    objects = OrganizationManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args, **options):
        """Refuse a row of another organization, then write."""
        self.stamp_organization()
        super().save(*args, **options)

    def delete(self, *args, **options):
        """Refuse a row of another organization, then delete."""
        self.stamp_organization()
        return super().delete(*args, **options)

    def stamp_organization(self) -> None:
        """Set the current organization, or raise OtherOrganization if the row belongs to another one."""
        current = current_organization_id()
        if self.organization_id is None:
            self.organization_id = current
        elif self.organization_id != current:
            raise OtherOrganization(f"{type(self).__name__} belongs to another organization.")
