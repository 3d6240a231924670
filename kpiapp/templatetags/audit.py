"""Events of the audit trail in words: what was done, and each changed field before and after."""

import datetime
import re

from django import template
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext

from kpiapp import registry
from kpiapp.templatetags.kpi import day, instant, number

register = template.Library()

# Which row it is says nothing to a reader; the stored event keeps it.
ROW_IDS = frozenset({"id", "line"})
# A number that wants thousands separators: not a year, and not a code with leading zeros.
_LONG_NUMBER = re.compile(r"-?(?:[1-9]\d{4,}(?:\.\d+)?|\d+\.\d+)")


@register.filter
def action_label(event) -> str:
    """The decision in words: "Person · moved"."""
    noun, _, verb = event.action.partition(".")
    noun_label = registry.AUDIT_NOUNS.get(noun, noun.replace("_", " "))
    return f"{noun_label} · {word(verb)}"


@register.filter
def changes(event) -> list[dict]:
    """Each field that changed, with what it was and what it is; what was empty and still is, is left out."""
    before, after = dict(event.before or {}), dict(event.after or {})
    for name, value in after.items():
        if isinstance(value, dict) and value.keys() == {"old", "new"}:  # what a request would change
            before[name], after[name] = value["old"], value["new"]
    names = [name for name in dict.fromkeys([*before, *after]) if _said(before.get(name)) or _said(after.get(name))]
    return [
        {
            "label": word(name),
            "before": value_label(before[name]) if name in before else "",
            "after": value_label(after[name]) if name in after else "",
        }
        for name in names
    ]


def word(code: str) -> str:
    """The label of a code, else the code itself as words."""
    known = registry.AUDIT_WORDS.get(code) or registry.AUDIT_NOUNS.get(code)
    return str(known or code.replace("_", " ").replace(".", " · "))


def value_label(value) -> str:
    """A stored value as people read it."""
    if value is None or value == "":
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dict):
        return ", ".join(f"{word(key)}: {value_label(part)}" for key, part in value.items() if key not in ROW_IDS)
    if isinstance(value, list):
        return ", ".join(value_label(part) for part in value)
    text = str(value)
    if text in registry.AUDIT_WORDS:
        return word(text)
    if text in registry.JOB_LABELS:
        return str(registry.JOB_LABELS[text])
    if _LONG_NUMBER.fullmatch(text):
        return number(text)
    return _dated(text)


def _said(value) -> bool:
    return value not in (None, "", [], {})


def _dated(text: str) -> str:
    try:
        moment = parse_datetime(text) if "T" in text else parse_date(text)
    except ValueError:
        return text
    if isinstance(moment, datetime.datetime):
        return instant(moment)
    return day(moment) if moment else text
