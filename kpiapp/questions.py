"""Questions about numbers: what a page offers to ask, which questions somebody may read, and who may answer."""

import datetime

from django.core import signing

from kpiapp import registry
from kpiapp.explain import Explanation
from kpiapp.models import Member, NumberQuestion
from kpiapp.registry import NumberNamed

SALT = "number-question"


def ask_token(explanation: Explanation, *, organization, path: str) -> str:
    """What a form carries back: the number a page explains, signed, so that nobody asks about what was not shown."""
    if explanation.about is None:
        return ""
    about, target_id = explanation.about
    given = {"organization": organization.pk, "about": about, "target": target_id}
    if not registry.NUMBERS[about].is_pay:
        given |= {"shown": explanation.title[:200], "page": path.removeprefix(f"/{organization.slug}/")[:300]}
    return signing.dumps(given, salt=SALT, compress=True)


def asked_about(token: str, *, organization) -> dict | None:
    """The number that a token names, of this organization; None for any other."""
    try:
        given = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return given if given["organization"] == organization.pk else None


def named(question: NumberQuestion, reader: Member, on: datetime.date) -> NumberNamed | None:
    """What a question is about, in the reader's words; None where the reader may not see that number."""
    return registry.NUMBERS[question.about].name([question.target_id], reader, on).get(question.target_id)


def answerers(question: NumberQuestion, on: datetime.date) -> set[int]:
    """Who may answer now: those who stand for the number, and never whoever asked."""
    return set(registry.NUMBERS[question.about].answerers(question.target_id, on)) - {question.asker_id}


def number_now(question: NumberQuestion, number: NumberNamed, organization) -> str:
    """How the number stands now; empty where another one of the same row was asked about, as what is due by today."""
    return number.now if address_of(question, number, organization) == number.url else ""


def address_of(question: NumberQuestion, number: NumberNamed, organization) -> str:
    """Where the number is explained: the page that was looked at, else that of the number."""
    return f"/{organization.slug}/{question.page}" if question.page else number.url
