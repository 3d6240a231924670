"""COPY, which Django does not know, in the connection of the present transaction."""

from typing import IO

from django.db import connection


def copy(sql: str, rows: IO[str], parameters: dict | None = None) -> None:
    """Run a COPY from or to text. A lost database raises Django's error, as every other statement does."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(cursor.mogrify(sql, parameters).decode() if parameters else sql, rows)
