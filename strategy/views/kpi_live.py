"""What answers while a KPI is typed: fields a choice asks for, SMARTER, the curve. Writes nothing."""

from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from kpiapp.decimals import NumberError, parse_number
from kpiapp.permissions import Permission, requires
from kpiapp.text import id_in
from strategy import queries
from strategy.forms.kpis import KpiForm
from strategy.kpis import curve_drawing
from strategy.models import KpiDefinition
from strategy.smarter import judging
from strategy.smarter import letters as smarter
from strategy.smarter import words as smarter_words
from strategy.views.kpi_parts import choices_of


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_scoring(request):
    """The part of the form that depends on direction, aggregation and method."""
    form = KpiForm(typed=request.POST, **choices_of(request))
    return render(request, "strategy/_kpi_scoring.html", {"form": form, "is_live": True})


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_judge(request):
    """The letters of SMARTER, the group and the curve for what is typed so far."""
    definition = _definition(request)
    form = KpiForm(request.POST, **choices_of(request, definition.current if definition else None))
    context = {**live_context(request, form.fields_so_far(), definition), "form": form, "kpi": definition}
    return render(request, "strategy/_kpi_live.html", {**context, "is_live": True})


def live_context(request, fields: dict, definition: KpiDefinition | None) -> dict:
    """Letters, group and curve of fields of a version."""
    past = judging.past_results([definition.pk], request.today).get(definition.pk, ()) if definition else ()
    findings = judging.judge_fields(fields, definition, request.today, past)
    return {
        "smarter": smarter_words.panel_of(findings, fields["unit"] or ""),
        "group": fields["group"],
        "last_year": curve_drawing.last_year_words(fields, [result.value for result in past[: smarter.YEAR]]),
        "curve": curve_drawing.drawing_of(fields, _tried(request)),
    }


def _tried(request):
    try:
        return parse_number(request.POST.get("try_value", "")[:40], get_language() or "en")
    except NumberError:
        return None


def _definition(request) -> KpiDefinition | None:
    """The KPI that is being changed, when it may be; its past is judged, too."""
    pk = id_in(request.POST.get("definition", ""))
    editable = queries.editable_kpis(request.member, request.today)
    return editable.select_related("current").filter(pk=pk).first() if pk else None
