"""Are the walls between organizations in place, and does no row cross one? From the database's own catalogue."""

from django.core.management.base import BaseCommand, CommandError

from kpiapp import walls


class Command(BaseCommand):
    """Prints one line of counts, and what is wrong; exit 1 when anything is."""

    help = "Check row security, composite foreign keys and rows of every tenant table."

    def add_arguments(self, parser):
        """Which connection reads the catalogue."""
        parser.add_argument("--database", default="default", help="connection to look through (default: the app's)")

    def handle(self, *, database, **options):
        """Tables, foreign keys, rows."""
        report = walls.inspect(database)
        for problem in report.problems:
            self.stderr.write(problem)
        self.stdout.write(
            f"tables {report.tables_walled}/{report.tables}, foreign keys {report.keys_composite}/{report.keys}, "
            f"rows crossing {report.rows_crossing}"
        )
        if report.problems:
            raise CommandError("The walls between organizations have holes.")
