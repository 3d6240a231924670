"""What statements over thousands of rows need and Django does not know: COPY, and thousands of ids in few words."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import IO

from django.db import connection

# For what is alone at the end of a night, with every line of a company to read: worth more than one processor.
IN_PARALLEL = "SET LOCAL parallel_tuple_cost = 0.01"


def copy(sql: str, rows: IO[str], parameters: dict | None = None) -> None:
    """Run a COPY from or to text. A lost database raises Django's error, as every other statement does."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(cursor.mogrify(sql, parameters).decode() if parameters else sql, rows)


def among(column: str, name: str) -> str:
    """SQL: a column is one of the ids that `ids_among` gives as parameters of this name.

    The bounds keep a part of a night from reading what belongs to all the others; where nothing is missing between
    them, they are all that is said.
    """
    bounds = f"{column} BETWEEN %({name}_first)s AND %({name}_last)s"
    return f"{bounds} AND (%({name})s::bigint[] IS NULL OR {column} = ANY(%({name})s::bigint[]))"


def ids_among(name: str, ids: Iterable[int]) -> dict[str, str | int | None]:
    """Parameters of `among`; no ids at all match nothing."""
    wanted = set(ids)
    first, last = min(wanted, default=1), max(wanted, default=0)
    has_gaps = len(wanted) <= last - first
    return {name: id_array(wanted) if has_gaps else None, f"{name}_first": first, f"{name}_last": last}


def runs_of(ids: Sequence[int]) -> list[list[int]]:
    """Rising ids as runs without a gap, [first, last] each: how the arguments of a job name thousands of rows."""
    gaps = [place for place, (pk, following) in enumerate(pairwise(ids), 1) if following != pk + 1]
    return [[ids[start], ids[end - 1]] for start, end in pairwise([0, *gaps, len(ids)])] if ids else []


def ids_of_runs(runs: Iterable[Sequence[int]]) -> list[int]:
    """The ids that `runs_of` named."""
    return [pk for first, last in runs for pk in range(first, last + 1)]


def id_array(ids: Iterable[int]) -> str:
    """Ids as the text of a bigint[]; a list would reach the database's parser as thousands of constants."""
    return f"{{{','.join(map(str, ids))}}}"
