"""check_cases FILE…: runs worked cases through the functions the product scores with."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from kpiapp import formula_cases, split_cases
from kpiapp.case_files import run_files
from scorecards.cases import sections as case_sections
from scorecards.cases import segments as case_segments


class Command(BaseCommand):
    help = "Run case files and print every expectation that does not hold; exit 1 when there is one."
    # Pure numbers: no database, so the command answers wherever the code is.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        case_sections.register()
        split_cases.register()
        formula_cases.register()
        case_segments.register()
        report = run_files(files)
        for failure in report.failures:
            self.stdout.write(failure)
        self.stdout.write(report.summary)
        if report.failed:
            raise SystemExit(1)
