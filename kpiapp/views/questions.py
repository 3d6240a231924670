"""Asking about a number from the page that explains it, and the page of a question with its answer."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kpiapp import questions
from kpiapp.models import Member, NumberQuestion
from kpiapp.permissions import open_to_members
from kpiapp.services import questions as service
from kpiapp.services.refusals import Refused


@require_POST
@open_to_members
@never_cache
def question_new(request):
    """Ask about the number that the signed form names; typed words come back when it is refused."""
    token, text = request.POST.get("number", ""), request.POST.get("text", "")
    given = questions.asked_about(token, organization=request.organization)
    context = {"number": token, "text": text}
    if given is None:
        context["refused"] = _("Open the explanation of the number again and ask from there.")
        return render(request, "kpiapp/question_new.html", context, status=422)
    numbers = {"about": given["about"], "target_id": given["target"]}
    seen = {name: given[name] for name in ("shown", "page") if name in given}
    try:
        question = service.ask(**numbers, **seen, text=text, by=request.member, on=request.today)
    except Refused as refusal:
        return render(request, "kpiapp/question_new.html", {**context, "refused": str(refusal)}, status=422)
    messages.success(request, _("Asked. You are told when it is answered."))
    return redirect("kpiapp:question", request.organization.slug, question.pk)


def _question_or_404(request, pk):
    """A question with the number it is about, for whoever asked or may answer, while they may see that number."""
    question = get_object_or_404(NumberQuestion.objects.select_related("asker", "answered_by"), pk=pk)
    asked_of = questions.answerers(question, request.today)
    may_answer = request.member.pk in asked_of
    is_theirs = request.member.pk in (question.asker_id, question.answered_by_id)
    number = questions.named(question, request.member, request.today) if may_answer or is_theirs else None
    if number is None:
        raise Http404
    question.asked_of = Member.objects.filter(pk__in=asked_of).order_by("sort_key") if not question.answered_at else ()
    return question, number, may_answer and question.answered_at is None


@require_safe
@open_to_members
@never_cache
def question(request, pk):
    """What was asked about which number, and the answer or the way to give it."""
    return _page(request, *_question_or_404(request, pk))


@require_POST
@open_to_members
@never_cache
def question_answer(request, pk):
    """Answer; whoever asked is told."""
    asked, number, may_answer = _question_or_404(request, pk)
    text = request.POST.get("text", "")
    try:
        service.answer(question=asked, text=text, by=request.member, on=request.today)
    except Refused as refusal:
        return _page(request, asked, number, may_answer, status=422, refused=str(refusal), text=text)
    messages.success(request, _("Answered."))
    return redirect("kpiapp:question", request.organization.slug, pk)


def _page(request, asked, number, may_answer, status=200, **typed):
    address = questions.address_of(asked, number, request.organization)
    now = questions.number_now(asked, number, request.organization)
    context = {"question": asked, "number": number, "now": now, "address": address, "may_answer": may_answer, **typed}
    return render(request, "kpiapp/question.html", context, status=status)
