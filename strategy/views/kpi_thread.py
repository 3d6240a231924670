"""The thread of a KPI: questions, ideas and answers."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from strategy.choices import NoteKind
from strategy.models import KpiNote
from strategy.services import notes
from strategy.views.kpi_parts import kpi_page, visible_or_404
from strategy.visibility import visible_kpis


@require_POST
@requires(Permission.KPI_READ)
def note_new(request, pk):
    """A question or an idea of somebody who may know of the KPI."""
    definition = visible_or_404(request, pk)
    text, is_idea = request.POST.get("text", ""), request.POST.get("kind") == NoteKind.IDEA
    try:
        if is_idea:
            notes.suggest(definition=definition, text=text, by=request.member)
        else:
            notes.ask(definition=definition, text=text, by=request.member, on=request.today)
    except Refused as refusal:
        return kpi_page(request, pk, status=422, note_refused=str(refusal), note_text=text, note_is_idea=is_idea)
    messages.success(
        request, _("Your idea is in the thread.") if is_idea else _("Asked. You are told when it is answered.")
    )
    return _thread(request, pk)


@require_POST
@requires(Permission.KPI_READ)
def note_answer(request, pk):
    """An answer to a question or an idea."""
    visible = visible_kpis(request.member, request.today)
    question = get_object_or_404(KpiNote.objects.filter(definition__in=visible.values("pk")), pk=pk)
    text = request.POST.get("text", "")
    try:
        notes.answer(question=question, text=text, by=request.member)
    except Refused as refusal:
        problem = {"answer_refused": str(refusal), "answer_text": text, "answer_to": question.pk}
        return kpi_page(request, question.definition_id, status=422, **problem)
    messages.success(request, _("Answered."))
    return _thread(request, question.definition_id)


def _thread(request, pk):
    response = redirect("strategy:kpi", request.organization.slug, pk)
    response["Location"] += "#thread"
    return response
