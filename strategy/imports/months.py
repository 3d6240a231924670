"""Columns of files with a year in a row: the year, and its twelve months by name."""

from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy

from kpiapp.services.import_fields import FieldKind, ImportField


def month_field(number: int) -> str:
    """Name of the column of a calendar month."""
    return f"month_{number:02}"


def _month(number: int) -> ImportField:
    return ImportField(
        month_field(number),
        MONTHS[number],
        kind=FieldKind.DECIMAL,
        synonyms=(
            f"month {number}",
            f"month {number:02}",
            f"tháng {number}",
            f"tháng {number:02}",
            f"t{number}",
            f"m{number}",
        ),
        example="100",
    )


MONTH_COLUMNS = tuple(_month(number) for number in range(1, 13))
YEAR = ImportField(
    "year",
    gettext_lazy("Year"),
    kind=FieldKind.DECIMAL,
    required=True,
    synonyms=("fiscal year", "năm", "năm tài chính"),
    help=gettext_lazy("The year in which the fiscal year begins."),
    example="2027",
)
