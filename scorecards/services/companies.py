"""A whole organization from a folder of tables and a mapping file, through the engine that imports single files."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.core.files import File
from django.db import transaction

from kpiapp import queries
from kpiapp.choices import RowOutcome
from kpiapp.decimals import HUNDRED
from kpiapp.models import ImportBatch, Member, Organization, User
from kpiapp.services import imports, organizations
from kpiapp.services.import_fields import titles_of
from kpiapp.services.periods import fill_fiscal_year
from kpiapp.services.refusals import Refused
from kpiapp.spreadsheets import FileRefused, read_lines
from kpiapp.table_mapping import MappingError, Table, TableMapping, transform
from kpiapp.tenancy import organization_scope
from scorecards.cards.weights import total_weight
from scorecards.choices import CardState
from scorecards.models import Scorecard
from scorecards.services import scorecards
from strategy.models import KpiDefinition
from strategy.services.kpis import create_kpi, revise_kpi
from strategy.services.perspectives import ensure_perspectives

SECTIONS = {"organization", "periods", "kpis", "imports"}
DECIMALS = ("cap", "floor", "min_gate", "factor", "baseline", "target")


class CompanyRefused(Refused):
    """The folder or its mapping file cannot be imported; the message says what to correct."""


@dataclass
class Imported:
    """What became of one entry of the mapping file."""

    title: str
    file: str
    kind: str
    counts: dict[str, int]
    errors: list[tuple[int, str]]
    agreed: int = 0


@dataclass
class Company:
    """The organization, and what every entry did."""

    organization: Organization
    is_new: bool
    imports: list[Imported] = field(default_factory=list)

    @property
    def failed_rows(self) -> int:
        """Rows with errors, over all files."""
        return sum(entry.counts[RowOutcome.ERROR.value] for entry in self.imports)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping file. Raises CompanyRefused."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CompanyRefused(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(found, dict) or not found.get("imports"):
        raise CompanyRefused(f"{path} lists no imports.")
    if unknown := set(found) - SECTIONS:
        raise CompanyRefused(f"{path}: “{sorted(unknown)[0]}” means nothing. There are: {', '.join(sorted(SECTIONS))}.")
    return found


@transaction.atomic
def build_company(
    *,
    folder: Path,
    mapping: Mapping[str, Any],
    slug: str,
    owner_email: str,
    on: datetime.date,
    tell: Callable[[Imported], None] = lambda entry: None,
) -> Company:
    """Create the organization unless it exists, then run every import of the mapping in order. Raises CompanyRefused.

    Rows with errors are left out and reported; whoever calls decides whether that is good enough.
    """
    company = _organization(mapping.get("organization", {}), slug, owner_email, on)
    with organization_scope(company.organization):
        by = _acting(company.organization, owner_email, on)
        for year in _years(mapping.get("periods", {})):
            fill_fiscal_year(starts_on=datetime.date(year, company.organization.fiscal_year_start_month, 1))
        for entry in mapping.get("kpis", []):
            _ensure_kpi(entry, by)
        run = imports.Run(company.organization, by, on)
        for entry in mapping["imports"]:
            imported = _import(folder, entry, run)
            company.imports.append(imported)
            tell(imported)
    return company


def _organization(wanted: Mapping[str, Any], slug: str, owner_email: str, on: datetime.date) -> Company:
    found = Organization.objects.filter(slug=slug).first()
    if found is not None:
        return Company(found, is_new=False)
    email = User.objects.normalize_email(owner_email)
    owner = User.objects.filter(email=email).first() or User.objects.create_user(email, name=email.split("@")[0])
    language = wanted.get("language", "vi")
    created = organizations.create_organization(
        name=slug, owner=owner, owner_name=owner.name or email, on=on, language=language
    )
    if created.slug != slug:
        raise CompanyRefused(f"“{slug}” cannot be an address. Try “{created.slug}”.")
    changes = {
        key: wanted[key] for key in ("name", "currency", "time_zone", "fiscal_year_start_month") if key in wanted
    }
    with organization_scope(created):
        by = _acting(created, owner_email, on)
        return Company(organizations.edit_organization(organization=created, on=on, by=by, **changes), is_new=True)


def _acting(organization: Organization, email: str, on: datetime.date) -> Member:
    """The member who imports: they have to be one already, with the roles it takes."""
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    member = user and queries.find_member(user, on)
    if member is None:
        raise CompanyRefused(f"{email} is no member of {organization.name}. Name one who is.")
    return member


def _years(periods: Mapping[str, int]) -> Sequence[int]:
    return range(periods["from"], periods["to"] + 1) if periods else ()


def _ensure_kpi(entry: Mapping[str, Any], by: Member) -> None:
    """Create a KPI, or give it a new version when the mapping says something else than it does."""
    fields = {name: value for name, value in entry.items() if name not in ("code", "perspective")}
    fields |= {name: Decimal(str(fields[name])) for name in DECIMALS if fields.get(name) is not None}
    if "perspective" in entry:
        fields["perspective"] = ensure_perspectives()[entry["perspective"]]
    definition = KpiDefinition.objects.select_related("current").filter(code=entry["code"]).first()
    if definition is None:
        create_kpi(fields=fields, by=by, code=entry["code"])
    else:
        revise_kpi(definition=definition, fields=fields, by=by, department=definition.department)


def _import(folder: Path, entry: Mapping[str, Any], run: imports.Run) -> Imported:
    """One entry of the mapping: read, transform, dry run, apply."""
    try:
        mapping = TableMapping.of(entry)
        handler = imports.handler_of(mapping.kind)
        table = _read(folder, mapping.file)
        joined = _read(folder, mapping.join["file"]) if mapping.join else None
        rows = transform(mapping, table, joined)
    except (MappingError, FileRefused) as error:
        raise CompanyRefused(f"{entry.get('file')}: {error}") from error
    except KeyError as error:
        raise CompanyRefused(f"{entry.get('file')}: {error} is not known.") from error
    with (folder / mapping.file).open("rb") as source:
        batch = imports.open_table(
            handler=handler, file=File(source), filename=mapping.file, titles=rows.titles, by=run.by
        )
    batch = imports.check(batch=batch, run=run, lines=rows.lines)
    batch = imports.apply(batch=batch, run=run)
    return Imported(
        mapping.title or handler.label,
        mapping.file,
        mapping.kind,
        batch.counts,
        [(row.number, sentence) for row in batch.rows.filter(outcome=RowOutcome.ERROR) for sentence in row.errors],
        _agree(run) if mapping.agree else 0,
    )


def _read(folder: Path, name: str) -> Table:
    path = folder / name
    if not path.is_file() or path.resolve().parent != folder.resolve():
        raise MappingError(f"There is no file {name} in {folder}.")
    header, *lines = read_lines(path)
    return Table(name, titles_of(header), lines)


def _agree(run: imports.Run) -> int:
    """Agree the drafts whose weights are 100, as the plans the company already worked with."""
    drafts = Scorecard.objects.filter(state=CardState.DRAFT).select_related("period", "member", "department")
    agreed = 0
    for card in drafts.prefetch_related("lines"):
        if total_weight(card.lines.all()) == HUNDRED:
            scorecards.agree_card(card=card, by=run.by)
            agreed += 1
    return agreed


def stored_files(company: Company) -> list[Path]:
    """Where the engine keeps copies of the files, for a dry run to take away."""
    with organization_scope(company.organization):
        return [Path(batch.file.path) for batch in ImportBatch.objects.exclude(file="")]
