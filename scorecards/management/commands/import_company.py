"""Build an organization from a folder of tables and a mapping file (docs/imports.md); safe to repeat."""

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone, translation

from kpiapp.services.refusals import Refused
from scorecards.services import companies

MAPPINGS = Path(__file__).resolve().parents[2] / "import_mappings"
# Where the mapping lies when none is named.
IN_THE_FOLDER = "mapping.yaml"
SHOWN_ERRORS = 20


class Command(BaseCommand):
    """`manage.py import_company FOLDER --organization NEW [--mapping FILE] [--dry-run]`."""

    help = "Build an organization from a folder of CSV or XLSX files and a mapping file. Safe to repeat."

    def add_arguments(self, parser):
        """Folder, address of the organization, mapping file, and what to do about bad rows."""
        parser.add_argument("folder", type=Path, help="the folder with the files")
        parser.add_argument("--organization", required=True, help="its address, such as an-phat; made when it is new")
        parser.add_argument(
            "--mapping",
            default="",
            help=f"a YAML file, or the name of one that ships with us; else {IN_THE_FOLDER} in the folder",
        )
        parser.add_argument("--owner", default="", help="e-mail of the person who imports and owns a new organization")
        parser.add_argument("--dry-run", action="store_true", help="do everything, report it, and keep nothing")
        parser.add_argument("--skip-bad-rows", action="store_true", help="keep the good rows although others are bad")

    def handle(self, *, folder, organization, mapping, owner, dry_run, skip_bad_rows, **options):
        """Print a line per file and every row error; exit 1 and keep nothing when rows are bad."""
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        try:
            wanted = companies.read_mapping(mapping_file(folder, mapping))
            # What the command says and what it writes go together: all of it, or nothing.
            with transaction.atomic(), translation.override("en"):
                company = companies.build_company(
                    folder=folder,
                    mapping=wanted,
                    slug=organization,
                    owner_email=owner or f"owner@{organization}.example",
                    on=self._today(wanted),
                    tell=self._tell,
                )
                is_kept = not dry_run and (skip_bad_rows or not company.failed_rows)
                if not is_kept:
                    for stored in companies.stored_files(company):
                        stored.unlink(missing_ok=True)
                    transaction.set_rollback(True)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if company.failed_rows and not is_kept and not dry_run:
            raise CommandError(
                f"{company.failed_rows} rows have errors, so nothing was kept. Mend them, or use --skip-bad-rows."
            )
        state = "Dry run of" if dry_run else "Created" if company.is_new else "Updated"
        self.stdout.write(f"{state} {company.organization.name}: /{company.organization.slug}/")

    def _today(self, mapping: dict) -> datetime.date:
        """The day it is where the company is: roles given a day ahead would not count yet."""
        zone = mapping.get("organization", {}).get("time_zone", settings.TIME_ZONE)
        return timezone.now().astimezone(ZoneInfo(zone)).date()

    def _tell(self, entry: companies.Imported) -> None:
        counts = entry.counts
        text = (
            f"{entry.title} ({entry.file}): {counts['create']} new, {counts['update']} changed, "
            f"{counts['same']} unchanged, {counts['error']} errors"
        )
        self.stdout.write(f"{text}, {entry.agreed} cards agreed" if entry.agreed else text)
        for number, sentence in entry.errors[:SHOWN_ERRORS]:
            self.stdout.write(f"  {entry.file}, row {number}: {sentence}")
        if len(entry.errors) > SHOWN_ERRORS:
            self.stdout.write(f"  … and {len(entry.errors) - SHOWN_ERRORS} more")


def mapping_file(folder: Path, named: str) -> Path:
    """The file that is named, or ships under that name; else the folder's own, or ours of the folder's name."""
    if named:
        return Path(named) if Path(named).suffix else MAPPINGS / f"{named}.yaml"
    for path in (folder / IN_THE_FOLDER, MAPPINGS / f"{folder.resolve().name}.yaml"):
        if path.exists():
            return path
    raise CommandError(
        f"{folder} holds no {IN_THE_FOLDER}, which says what its files mean."
        " Write one (docs/imports.md), or name one with --mapping."
    )
