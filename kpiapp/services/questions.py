"""Asking about a number, and answering: it reaches those who stand for it, and the answer whoever asked."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.models import Member, NumberQuestion
from kpiapp.questions import answerers, named
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused

LONGEST = 4000
ASKED, ANSWERED = "number.asked", "number.answered"


class QuestionRefused(Refused):
    """Nothing was asked or answered; the message says why."""


@transaction.atomic
def ask(
    *, about: str, target_id: int, text: str, by: Member, on: datetime.date, shown: str = "", page: str = ""
) -> NumberQuestion:
    """A question about a number that the asker may see: those who stand for it are told. Raises Refused."""
    text, is_pay = _checked(text), registry.NUMBERS[about].is_pay
    if is_pay:
        shown = page = ""
    question = NumberQuestion(about=about, target_id=target_id, shown=shown, page=page, text=text, asker=by)
    if named(question, by, on) is None:
        raise QuestionRefused(_("This number is no longer yours to see."))
    to = answerers(question, on)
    if not to:
        raise QuestionRefused(_("Nobody else answers for this number."))
    question.save()
    audit.record(action="number.ask", target=question, by=by, is_pay=is_pay)
    notifications.notify(to=sorted(to), kind=ASKED, target=question, by=by)
    return question


@transaction.atomic
def answer(*, question: NumberQuestion, text: str, by: Member, on: datetime.date) -> NumberQuestion:
    """The answer of somebody who stands for the number and may see it; whoever asked is told. Raises Refused."""
    question = NumberQuestion.objects.select_for_update().get(pk=question.pk)
    if question.answered_at is not None:
        raise QuestionRefused(_("Somebody has answered in the meantime."))
    if by.pk not in answerers(question, on) or named(question, by, on) is None:
        raise QuestionRefused(_("Those who stand for the number answer, and nobody their own question."))
    question.answer, question.answered_by, question.answered_at = _checked(text), by, timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])
    is_pay = registry.NUMBERS[question.about].is_pay
    audit.record(action="number.answer", target=question, by=by, is_pay=is_pay)
    notifications.settle(kinds=[ASKED], targets=[question])
    notifications.notify(to=[question.asker_id], kind=ANSWERED, target=question, by=by)
    return question


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise QuestionRefused(_("Write something first."), field="text")
    if len(text) > LONGEST:
        raise QuestionRefused(_("That is too long: at most %(most)d characters.") % {"most": LONGEST}, field="text")
    return text
