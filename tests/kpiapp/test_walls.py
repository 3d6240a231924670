"""check_tenancy sees every wall, and sees it when one is missing."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from kpiapp import walls
from kpiapp.tenancy import organization_scope


def test_every_wall_stands(an_phat, binh_minh):
    """The line that is promised, and nothing else."""
    out = io.StringIO()
    call_command("check_tenancy", stdout=out)
    counts = re.fullmatch(r"tables (\d+)/(\d+), foreign keys (\d+)/(\d+), rows crossing 0\n", out.getvalue())
    assert counts is not None
    tables, all_tables, keys, all_keys = map(int, counts.groups())
    assert tables == all_tables > 20
    assert keys == all_keys > 40


BROKEN = {
    "ALTER TABLE kpiapp_member NO FORCE ROW LEVEL SECURITY": "kpiapp_member: row security is not forced",
    "ALTER TABLE kpiapp_member DISABLE ROW LEVEL SECURITY": "kpiapp_member: row security is not forced",
    "CREATE POLICY everybody ON kpiapp_member USING (true)": "kpiapp_member: its policies are not the one",
    "ALTER POLICY kpiapp_member_tenant ON kpiapp_member WITH CHECK (true)": "kpiapp_member: its policies are not",
    "ALTER TABLE kpiapp_employment DROP CONSTRAINT kpiapp_employment_department_same": (
        "kpiapp_employment.department_id: no composite foreign key to kpiapp_department"
    ),
    "ALTER TABLE kpiapp_employment ADD CONSTRAINT plain FOREIGN KEY (manager_id) REFERENCES kpiapp_member (id)": (
        "kpiapp_employment: foreign key plain leaves the organization out"
    ),
}


@pytest.mark.django_db(databases=["default", "owner"], transaction=False)
@pytest.mark.parametrize("statement", BROKEN, ids=range(len(BROKEN)))
def test_a_missing_wall_is_found(statement):
    """Broken as the owner, inside a transaction that is taken back."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute(statement)
    problems = walls.inspect("owner").problems
    assert any(problem.startswith(BROKEN[statement]) for problem in problems)
    with pytest.raises(CommandError, match="holes"):
        call_command("check_tenancy", database="owner", stdout=io.StringIO(), stderr=io.StringIO())


def test_a_row_that_crosses_is_counted(an_phat, binh_minh):
    """The constraint waits for the commit, so inside a transaction such a row can be shown to the check."""
    with organization_scope(an_phat.organization), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kpiapp_employment SET department_id = %s WHERE member_id = %s",
            [binh_minh.department.pk, an_phat.lan.pk],
        )
    report = walls.inspect()
    assert report.rows_crossing == 1
    assert report.problems == ["kpiapp_employment.department_id: 1 rows point out of an-phat"]
    transaction.set_rollback(True)
