"""What notifications about questions say: only to those who may see the number, and no amount in a mail."""

import datetime
from collections import defaultdict
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp import registry
from kpiapp.inbox import of_targets
from kpiapp.models import Member, Notification, NumberQuestion
from kpiapp.registry import NotificationKind, Told
from kpiapp.services.questions import ANSWERED, ASKED


def about_questions(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """A question was asked, or answered."""
    questions = NumberQuestion.objects.in_bulk(of_targets(notifications))
    wanted: dict[str, set[int]] = defaultdict(set)
    for question in questions.values():
        wanted[question.about].add(question.target_id)
    names = {about: registry.NUMBERS[about].name(list(ids), reader, on) for about, ids in wanted.items()}
    found = {}
    for one in notifications:
        question = questions.get(one.target_id)
        number = names[question.about].get(question.target_id) if question else None
        if question is None or number is None:
            continue
        asked = one.kind == ASKED
        sentence = _("%(name)s asks about %(number)s.") if asked else _("%(name)s answered your question: %(number)s.")
        who = {"name": one.actor.name if one.actor else _("The system")}
        label = f"{number.label} (“{question.shown}”)" if question.shown else number.label
        url = reverse("kpiapp:question", args=[reader.organization.slug, question.pk])
        detail = question.text if asked else question.answer
        mail = sentence % {**who, "number": number.mail_label or number.label}
        found[one.pk] = Told(sentence % {**who, "number": label}, url, detail=detail[:200], mail_text=mail)
    return found


KINDS = {
    ASKED: NotificationKind(gettext_lazy("Question about a number"), "circle-help", about_questions, waits=True),
    ANSWERED: NotificationKind(gettext_lazy("Question about a number answered"), "message-square", about_questions),
}
