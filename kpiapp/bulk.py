"""What statements over thousands of rows need and Django does not know: COPY, and ids as one literal."""

from collections.abc import Iterable
from typing import IO

from django.db import connection


def copy(sql: str, rows: IO[str], parameters: dict | None = None) -> None:
    """Run a COPY from or to text. A lost database raises Django's error, as every other statement does."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(cursor.mogrify(sql, parameters).decode() if parameters else sql, rows)


def id_array(ids: Iterable[int]) -> str:
    """Ids as the text of a bigint[]; a list would reach the database's parser as thousands of constants."""
    return f"{{{','.join(map(str, ids))}}}"
