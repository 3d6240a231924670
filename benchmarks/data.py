"""A large company made by SQL: people with ten KPIs each, three scoring methods, four entries per KPI."""

import datetime
from contextlib import closing
from pathlib import Path

import psycopg2
from django.conf import settings

from kpiapp import servers
from kpiapp.choices import PeriodKind
from kpiapp.models import Department, Organization, Period, Position
from kpiapp.tenancy import organization_scope
from strategy.models import KpiDefinition, KpiVersion

LINES, ENTRIES, DEPARTMENTS = 10, 4, 200
KINDS = (("ratio", "increase", "sum"), ("mirror", "decrease", "avg"), ("baseline", "increase", "last"))
NOVEMBER = datetime.date(2026, 11, 1)

_PEOPLE = """
INSERT INTO kpiapp_member (organization_id, code, name, email, is_active, created_at, search_key, sort_key)
SELECT %(organization)s, 'P' || n, 'Person ' || n, '', true, now(), 'person ' || n, 'person ' || n
FROM generate_series(1, %(people)s) n;
INSERT INTO kpiapp_employment (organization_id, member_id, department_id, position_id, valid_from)
SELECT %(organization)s, m.id, d.ids[1 + m.id %% array_length(d.ids, 1)], %(position)s, '2026-01-01'
FROM kpiapp_member m, (SELECT array_agg(id ORDER BY id) AS ids FROM kpiapp_department
                       WHERE organization_id = %(organization)s AND parent_id IS NOT NULL) d
WHERE m.organization_id = %(organization)s;
INSERT INTO scorecards_scorecard (organization_id, period_id, owner_kind, member_id, state, agreed_at, created_at)
SELECT %(organization)s, %(period)s, 'member', id, 'agreed', now(), now()
FROM kpiapp_member WHERE organization_id = %(organization)s ORDER BY id;
"""
_LINES = """
INSERT INTO scorecards_scorecardline (organization_id, scorecard_id, kpi_id, position, weight, target, baseline, method,
                                      is_scored, waived_reason, wiped_out_reason, in_segments,
                                      takes_children, feeds_above)
SELECT %(organization)s, c.id, k.ids[1 + (c.id + n) %% array_length(k.ids, 1)], n, 10,
       round((100 + random() * 900)::numeric, 2), round((random() * 50)::numeric, 2), '', true, '', '', false, false,
       false
FROM scorecards_scorecard c, generate_series(0, %(lines)s - 1) n,
     (SELECT array_agg(id ORDER BY id) AS ids FROM strategy_kpiversion WHERE organization_id = %(organization)s) k
WHERE c.organization_id = %(organization)s ORDER BY c.id, n;
"""
# As over a month: every line's first entry, then every line's second, …
_ENTRIES = """
INSERT INTO scorecards_actual (organization_id, line_id, "on", value, note, source, external_key, entered_at, state,
                               decision_note)
SELECT %(organization)s, l.id, %(first)s::date + 7 * n,
       round((l.target * (0.5 + random()) / CASE v.aggregation WHEN 'sum' THEN %(entries)s ELSE 1 END)::numeric, 2),
       '', 'typed', '', now(), 'recorded', ''
FROM generate_series(0, %(entries)s - 1) n
CROSS JOIN scorecards_scorecardline l JOIN strategy_kpiversion v ON v.id = l.kpi_id
WHERE l.organization_id = %(organization)s ORDER BY n, l.id;
"""


def superuser() -> "psycopg2.extensions.connection":
    """A connection that may skip triggers and row security: it makes data, and runs the statement to compare with."""
    postgres = servers.Postgres(Path(settings.DATA_DIR) / "postgres")
    connection = psycopg2.connect(postgres.url(servers.SUPERUSER))
    connection.autocommit = True
    return connection


def analyse() -> None:
    """What autovacuum does within a minute of a large change."""
    with closing(superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def build(people: int, slug: str = "large", around: datetime.date = NOVEMBER) -> tuple[Organization, Period]:
    """The company with the month around a day, its cards and entries; vacuumed and analysed."""
    first = around.replace(day=1)
    end = (first + datetime.timedelta(days=32)).replace(day=1)
    organization = Organization.objects.create(name="Large", slug=slug)
    with organization_scope(organization):
        period = Period.objects.create(kind=PeriodKind.MONTH, starts_on=first, ends_on=end)
        company = Department.objects.create(code="CO", name="Company")
        for number in range(DEPARTMENTS):
            Department.objects.create(code=f"D{number}", name=f"Department {number}", parent=company)
        position = Position.objects.create(code="P", name="Position")
        for number in range(30):
            method, direction, aggregation = KINDS[number % len(KINDS)]
            definition = KpiDefinition.objects.create(code=f"K{number}", name=f"KPI {number}")
            KpiVersion.objects.create(
                definition=definition,
                number=1,
                name=definition.name,
                method=method,
                direction=direction,
                aggregation=aggregation,
            )
    parameters = {
        "organization": organization.pk,
        "people": people,
        "first": first,
        "position": position.pk,
        "period": period.pk,
        "lines": LINES,
        "entries": ENTRIES,
    }
    with closing(superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in (_PEOPLE, _LINES, "ANALYZE", _ENTRIES):
            cursor.execute(statement, parameters)
        cursor.execute("VACUUM ANALYZE")
    return organization, period
