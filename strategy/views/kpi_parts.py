"""What the views of KPIs share: which rows are within reach, what the form may offer, and the page of a KPI."""

from django.shortcuts import get_object_or_404, render

from kpiapp.choices import Scope
from kpiapp.permissions import Permission, can, scope_of
from strategy import queries
from strategy.choices import KpiState
from strategy.forms.kpi_gaps import KpiGapsForm
from strategy.kpis import origins, threads, wording
from strategy.models import KpiDefinition
from strategy.services.library import taken_as_it_is
from strategy.smarter import judging
from strategy.smarter import words as smarter_words
from strategy.visibility import visible_kpis

PEOPLE = ("current__owner", "current__reporter", "current__approver")


def editable_or_404(request, pk) -> KpiDefinition:
    """A KPI the member may change, with the people it names."""
    editable = queries.editable_kpis(request.member, request.today)
    return get_object_or_404(editable.select_related("department", "current__objective__map", *PEOPLE), pk=pk)


def visible_or_404(request, pk) -> KpiDefinition:
    """A KPI the member may know of."""
    visible = visible_kpis(request.member, request.today)
    return get_object_or_404(visible.select_related("department", "current", "reviewed_by"), pk=pk)


def choices_of(request, version=None) -> dict:
    """What the form may offer to this member; the objective a KPI serves already stays choosable."""
    return {
        "objectives": queries.choosable_objectives(request.member, version),
        "departments": queries.editable_departments(request.member, request.today),
        "whole_company": decides(request),
        "kpis": visible_kpis(request.member, request.today),
    }


def gaps_of(request, definition: KpiDefinition, data=None) -> KpiGapsForm:
    """The form of what keeps a KPI back."""
    version = definition.current
    findings = judging.judge(definition, version, request.today)
    objectives = queries.choosable_objectives(request.member, version)
    return KpiGapsForm(data, version=version, findings=findings, objectives=objectives)


def decides(request) -> bool:
    """Whether the member defines KPIs for the whole company, and may let one be used with a reason."""
    return scope_of(request.member, Permission.KPI_EDIT) == Scope.ALL


def kpi_page(request, pk, *, status: int = 200, **problems):
    """The page of a KPI. `problems` carry what was typed and why it was refused: text, kind, answers, reason."""
    definition = visible_or_404(request, pk)
    versions = queries.kpi_versions(definition)
    history = [
        (newer, wording.version_changes(older, newer) if older else [])
        for newer, older in zip(versions, [*versions[1:], None], strict=True)
    ]
    current = versions[0]
    may_edit = queries.editable_kpis(request.member, request.today).filter(pk=pk).exists()
    findings = judging.judge(definition, current, request.today)
    is_draft = definition.state != KpiState.ACTIVE
    context = {
        "kpi": definition,
        "version": current,
        "gaps": KpiGapsForm(
            version=current, findings=findings, objectives=queries.choosable_objectives(request.member, current)
        )
        if is_draft and may_edit
        else None,
        "history": history,
        "method_words": wording.method_words(current),
        "aggregation_words": wording.aggregation_words(current),
        "target_words": wording.target_words(current),
        "direction_words": wording.direction_words(current),
        "smarter": smarter_words.panel_of(findings, current.unit),
        "drift": origins.drift_of(definition) if may_edit else [],
        "thread": threads.thread_of(definition),
        "may_answer": threads.may_answer(request.member, definition),
        "may_edit": may_edit,
        "decides": decides(request),
        "is_draft": is_draft,
        "reason": taken_as_it_is() if definition.origin and current.number == 1 else "",
        "may_assign": definition.is_active
        and definition.state == KpiState.ACTIVE
        and can(request.member, Permission.CARD_EDIT),
        **problems,
    }
    return render(request, "strategy/kpi.html", context, status=status)
