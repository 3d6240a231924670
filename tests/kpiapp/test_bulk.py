"""Ids as parameters of statements over thousands of rows: exactly those ids, with and without gaps, and none."""

import pytest
from django.db import connection

from kpiapp.bulk import among, ids_among, ids_of_runs, runs_of


@pytest.mark.django_db
@pytest.mark.parametrize("ids", [[], [4], [3, 4, 5], [5, 3, 4], [1, 4, 9], [2, 9], [3, 3, 5]])
def test_exactly_these_ids_are_found(ids):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n FROM generate_series(1, 10) n WHERE {among('n', 'wanted')} ORDER BY n",
            ids_among("wanted", ids),
        )
        assert [number for (number,) in cursor.fetchall()] == sorted(set(ids))


@pytest.mark.parametrize(
    ("ids", "runs"),
    [([], []), ([4], [[4, 4]]), ([3, 4, 5], [[3, 5]]), ([1, 2, 4, 7, 8, 9], [[1, 2], [4, 4], [7, 9]])],
)
def test_runs_name_exactly_these_ids(ids, runs):
    assert runs_of(ids) == runs
    assert ids_of_runs(runs) == ids
