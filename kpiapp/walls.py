"""Reads from the database's catalogue whether every tenant table has its walls, and counts rows that cross one."""

from dataclasses import dataclass, field

from django.apps import apps
from django.db import connections

from kpiapp.models import Organization
from kpiapp.tenancy import organization_scope

# What the one policy of a tenant table has to say, for reads and for writes, as PostgreSQL prints it.
POLICY = "(organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::bigint)"

_TABLES_SQL = """
SELECT c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity,
       (SELECT array_agg(ARRAY[p.polcmd::text, p.polpermissive::text, coalesce(pg_get_expr(p.polqual, c.oid), ''),
                               coalesce(pg_get_expr(p.polwithcheck, c.oid), '')])
        FROM pg_policy p WHERE p.polrelid = c.oid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
ORDER BY 1
"""

# Every foreign key of a tenant table to a tenant table, and whether both its sides begin with the organization.
_KEYS_SQL = """
SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text,
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num)
FROM pg_constraint k
WHERE k.contype = 'f' AND k.conrelid::regclass::text = ANY(%(tables)s) AND k.confrelid::regclass::text = ANY(%(tables)s)
ORDER BY 1
"""


@dataclass
class Report:
    """What was counted, and a sentence for every hole."""

    tables: int = 0
    tables_walled: int = 0
    keys: int = 0
    keys_composite: int = 0
    rows_crossing: int = 0
    problems: list[str] = field(default_factory=list)


def inspect(database: str = "default") -> Report:
    """Look at every tenant table, every reference between two of them, and every organization's rows.

    The references expected are those of the models: one that has no constraint at all is a hole too.
    """
    report = Report()
    with connections[database].cursor() as cursor:
        cursor.execute(_TABLES_SQL)
        tables = cursor.fetchall()
        _inspect_tables(tables, report)
        names = [name for name, *_rest in tables]
        cursor.execute(_KEYS_SQL, {"tables": names})
        composite = _inspect_keys(cursor.fetchall(), report)
    _inspect_models(names, composite, report)
    _count_crossing(composite, report)
    return report


def _inspect_tables(tables, report: Report) -> None:
    for name, enabled, forced, policies in tables:
        report.tables += 1
        if not (enabled and forced):
            report.problems.append(f"{name}: row security is not forced")
        elif policies != [["*", "true", POLICY, POLICY]]:
            report.problems.append(f"{name}: its policies are not the one plain equality for reads and writes")
        else:
            report.tables_walled += 1


def _inspect_keys(keys, report: Report) -> set[tuple[str, str, str, str]]:
    """Composite ones as (table, column, other table, its column); any other one is a hole."""
    composite = set()
    for name, table, target, columns, target_columns in keys:
        if columns[0] == target_columns[0] == "organization_id" and len(columns) == 2:
            composite.add((table, columns[1], target, target_columns[1]))
        else:
            report.keys += 1
            report.problems.append(f"{table}: foreign key {name} leaves the organization out")
    return composite


def _inspect_models(names: list[str], composite: set, report: Report) -> None:
    """Every reference of a model to a tenant model has a composite key behind it."""
    expected = {
        (model._meta.db_table, field.column, field.related_model._meta.db_table, field.target_field.column)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.many_to_one or field.one_to_one
        if field.name != "organization" and {model._meta.db_table, field.related_model._meta.db_table} <= set(names)
    }
    report.keys += len(expected | composite)
    report.keys_composite = len(composite)
    for table, column, target, _target_column in sorted(expected - composite):
        report.problems.append(f"{table}.{column}: no composite foreign key to {target}")


def _count_crossing(composite: set, report: Report) -> None:
    """Inside each organization's scope: references whose target is not to be seen there, so lies elsewhere."""
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization), connections["default"].cursor() as cursor:
            for table, column, target, target_column in sorted(composite):
                cursor.execute(
                    f"SELECT count(*) FROM {table} r WHERE r.{column} IS NOT NULL AND NOT EXISTS "  # noqa: S608
                    f"(SELECT 1 FROM {target} t WHERE t.{target_column} = r.{column} "
                    f"AND t.organization_id = r.organization_id)"
                )
                crossing = cursor.fetchone()[0]
                if crossing:
                    report.rows_crossing += crossing
                    report.problems.append(f"{table}.{column}: {crossing} rows point out of {organization.slug}")
