"""Questions, answers and ideas about KPIs: what is open, for whom, and the thread as it is read."""

import datetime

from django.db.models import Q, QuerySet

from kpiapp.choices import Scope
from kpiapp.models import Member
from kpiapp.permissions import Permission, scope_of
from strategy.choices import NoteKind
from strategy.models import KpiDefinition, KpiNote


def unanswered_questions() -> QuerySet[KpiNote]:
    """Questions about KPIs that nobody has answered yet."""
    return KpiNote.objects.filter(kind=NoteKind.QUESTION, answered_at=None)


def questions_for(member: Member, on: datetime.date) -> QuerySet[KpiNote]:
    """Unanswered questions a member may answer: of KPIs they are responsible for or approve; all for the office."""
    asked = unanswered_questions().filter(definition__is_active=True).exclude(author=member.pk)
    if scope_of(member, Permission.KPI_EDIT) == Scope.ALL:
        return asked
    return asked.filter(Q(definition__current__owner=member.pk) | Q(definition__current__approver=member.pk))


def may_answer(member: Member, definition: KpiDefinition) -> bool:
    """Whoever is responsible, whoever approves, and the strategy office; the KPI comes with its current version."""
    if scope_of(member, Permission.KPI_EDIT) == Scope.ALL:
        return True
    return member.pk in (definition.current.owner_id, definition.current.approver_id)


def thread_of(definition: KpiDefinition) -> list[KpiNote]:
    """Questions and ideas about a KPI, oldest first, each with its `replies`; one query."""
    notes = list(definition.notes.select_related("author").order_by("id"))
    by_id = {note.pk: note for note in notes}
    for note in notes:
        note.replies = []
        if note.answers_id in by_id:
            by_id[note.answers_id].replies.append(note)
    return [note for note in notes if note.kind != NoteKind.ANSWER]
