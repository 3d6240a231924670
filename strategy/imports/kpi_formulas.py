"""Formulas in a file of KPIs: read by the parser of the browser, in either way of writing numbers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from kpiapp.formulas import FormulaError, errors
from kpiapp.services.import_fields import RowRefused
from kpiapp.services.import_handlers import Run
from strategy.kpis import formula_texts
from strategy.kpis.formula_texts import Coming, Reading
from strategy.models import KpiDefinition
from strategy.visibility import visible_kpis

SHOWN = 30
STYLES = ("en", "vi")


def read_formula(
    text: str, fields: Mapping[str, Any], definition: KpiDefinition | None, coming: Coming, run: Run
) -> Reading:
    """The formula of a row; it may name KPIs that are there, and those of rows above. Raises RowRefused with its place.

    A file may come from somebody who writes numbers otherwise; what can be read in two ways is refused.
    """
    reader = formula_texts.style_of_reader()
    try:
        return _read(text, reader, fields, definition, coming, run)
    except FormulaError as error:
        if error.message == errors.TWO_READINGS:
            raise _refusal(text, error) from error
        try:
            return _read(text, next(style for style in STYLES if style != reader), fields, definition, coming, run)
        except FormulaError:
            raise _refusal(text, error) from error


def _read(
    text: str, style: str, fields: Mapping[str, Any], definition: KpiDefinition | None, coming: Coming, run: Run
) -> Reading:
    return formula_texts.read(
        text,
        style=style,
        inputs=(fields.get("numerator_label", ""), fields.get("denominator_label", "")),
        definition=definition,
        unit=fields.get("unit", ""),
        kpis=None if run.by is None else visible_kpis(run.by, run.on),
        coming=coming,
    )


def _refusal(text: str, error: FormulaError) -> RowRefused:
    place = text[error.start : error.end] or text[: error.start][-SHOWN:]
    shown = f"{place[:SHOWN]}…" if len(place) > SHOWN else place
    return RowRefused(
        _("Formula, at character %(number)d (“%(place)s”): %(problem)s")
        % {"number": error.start + 1, "place": shown, "problem": formula_texts.sentence(error)},
        field="formula",
    )
