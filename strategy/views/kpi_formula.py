"""What answers while a formula is typed: the value of every operand and the result, errors with their place, names."""

from dataclasses import dataclass
from decimal import Decimal

from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from kpiapp import registry
from kpiapp.formulas import FUNCTIONS, MAX_TEXT, FormulaError, Outcome, evaluate, parse
from kpiapp.permissions import Permission, requires
from kpiapp.text import id_in
from strategy import queries
from strategy.kpis import formula_texts
from strategy.visibility import visible_kpis

NAMES_SHOWN = 8


@dataclass(frozen=True)
class Operand:
    """An operand as the page lists it."""

    name: str
    unit: str
    value: Decimal | None


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_formula(request):
    """Check what is typed: operands with their values of today, the result and its unit; or what to mend, and where."""
    text = request.POST.get("formula", "")[: MAX_TEXT + 1]
    labels = [request.POST.get(f"{part}_label", "")[:200] for part in ("numerator", "denominator")]
    context: dict = {}
    try:
        reading = formula_texts.read(
            text,
            style=formula_texts.style_of_reader(),
            inputs=labels,
            definition=_definition(request),
            unit=request.POST.get("unit", "")[:40],
            kpis=visible_kpis(request.member, request.today),
        )
    except FormulaError as error:
        context |= {"sentence": formula_texts.sentence(error), "start": error.start, "end": error.end}
        context["wrong"] = text[error.start : error.end].strip()
    else:
        context |= _worked_out(request, reading, labels)
    return render(request, "strategy/_formula_check.html", context)


def _worked_out(request, reading: formula_texts.Reading, labels: list[str]) -> dict:
    """The operands with values of a card that has them, and what the formula gives there."""
    formula = parse(reading.formula)
    found = registry.FormulaValues("", {})
    for source in registry.FORMULA_VALUES:
        found = source(request.member, request.today, list(reading.operands))
    operands = []
    for key in formula.operands:
        name, part = key.removesuffix(".numerator").removesuffix(".denominator"), key.partition(".")[2]
        kind, _colon, number = name.partition(":")
        if kind == "input":
            operands.append(Operand(labels[int(number) - 1], "", None))
            continue
        kpi = reading.operands[int(number)]
        label = f"{kpi.name} ({part})" if part else kpi.name
        operands.append(Operand(label, "" if part else kpi.current.unit, found.values.get(key)))
    outcome: Outcome = evaluate(formula, found.values)
    return {"operands": operands, "outcome": outcome, "unit": reading.unit.label, "card": found.title}


def _definition(request):
    pk = id_in(request.POST.get("definition", ""))
    return queries.editable_kpis(request.member, request.today).filter(pk=pk).first() if pk else None


@require_safe
@requires(Permission.KPI_EDIT)
def formula_names(request):
    """KPIs and functions that fit what is being typed."""
    text = request.GET.get("q", "")[:100]
    word = text.lower()
    visible = visible_kpis(request.member, request.today)
    kpis = list(queries.search_kpis(visible, text)[:NAMES_SHOWN]) if not request.GET.get("functions") else []
    functions = [function for name, function in FUNCTIONS.items() if word and name.startswith(word)][:NAMES_SHOWN]
    return render(request, "strategy/_formula_names.html", {"kpis": kpis, "functions": functions})
