"""The thread of a KPI: who may know of it asks and suggests; whoever is responsible or approves answers."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.choices import Role
from kpiapp.models import Member
from kpiapp.queries import grants_in_force
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from strategy import notices
from strategy.choices import NoteKind
from strategy.kpis.threads import may_answer
from strategy.models import KpiDefinition, KpiNote

LONGEST = 4000


class NoteRefused(Refused):
    """Nothing was added to the thread; the message says why."""


@transaction.atomic
def ask(*, definition: KpiDefinition, text: str, by: Member, on: datetime.date) -> KpiNote:
    """A question: those who may answer are told. Raises Refused."""
    note = _add(definition, NoteKind.QUESTION, text, by, "kpi.ask")
    version = definition.current
    to = [version.owner_id, version.approver_id]
    if not any(to):
        to = list(grants_in_force(on).filter(role=Role.STRATEGY).values_list("member", flat=True))
    notifications.notify(to=to, kind=notices.KPI_ASKED, target=note, by=by)
    return note


@transaction.atomic
def suggest(*, definition: KpiDefinition, text: str, by: Member) -> KpiNote:
    """An idea; it needs no answer, and may get some. Raises Refused."""
    return _add(definition, NoteKind.IDEA, text, by, "kpi.suggest")


@transaction.atomic
def answer(*, question: KpiNote, text: str, by: Member) -> KpiNote:
    """An answer, which marks the question answered and tells who asked. Raises Refused."""
    question = KpiNote.objects.select_for_update(of=("self",)).select_related("definition__current").get(pk=question.pk)
    if question.kind == NoteKind.ANSWER:
        raise NoteRefused(_("Answer the question itself."))
    if not may_answer(by, question.definition):
        raise NoteRefused(_("Whoever is responsible or approves the numbers answers, or the strategy office."))
    note = _add(question.definition, NoteKind.ANSWER, text, by, "kpi.answer", answers=question)
    if question.kind == NoteKind.QUESTION and question.answered_at is None:
        question.answered_at = timezone.now()
        question.save(update_fields=["answered_at"])
    notifications.notify(to=[question.author_id], kind=notices.KPI_ANSWERED, target=note, by=by)
    return note


def _add(
    definition: KpiDefinition, kind: str, text: str, by: Member, action: str, answers: KpiNote | None = None
) -> KpiNote:
    text = text.strip()
    if not text:
        raise NoteRefused(_("Write something first."), field="text")
    if len(text) > LONGEST:
        raise NoteRefused(_("That is too long: at most %(most)d characters.") % {"most": LONGEST}, field="text")
    note = KpiNote.objects.create(definition=definition, kind=kind, text=text, author=by, answers=answers)
    audit.record(action=action, target=definition, by=by)
    return note
