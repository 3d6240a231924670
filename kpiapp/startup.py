"""What the web and the workers refuse to start with."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

ROLE_POWERS = """
    SELECT current_user,
           role.rolsuper,
           role.rolbypassrls,
           (SELECT min(class.oid::regclass::text) FROM pg_class AS class
             WHERE class.relkind IN ('r', 'p') AND class.relpersistence <> 't'
               AND pg_has_role(current_user, class.relowner, 'MEMBER'))
      FROM pg_roles AS role WHERE role.rolname = current_user
"""


def refuse_unsafe_role() -> None:
    """Raise ImproperlyConfigured when the role we connect as could walk past row security."""
    with connection.cursor() as cursor:
        cursor.execute(ROLE_POWERS)
        name, is_superuser, may_bypass, owned_table = cursor.fetchone()
    connection.close()  # the processes forked after us open their own
    reason = (
        (is_superuser and "is a superuser")
        or (may_bypass and "may bypass row security")
        or (owned_table and f"owns tables ({owned_table})")
    )
    if reason:
        raise ImproperlyConfigured(
            f"The database role “{name}” {reason}, so nothing would keep companies apart."
            " Give DATABASE_URL the role kpiapp_app, and keep the owner for DATABASE_OWNER_URL."
        )


def refuse_unsafe_worker(**signal) -> None:
    """The same for Celery's worker_init signal, which swallows every exception but SystemExit."""
    try:
        refuse_unsafe_role()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
