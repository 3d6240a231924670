"""Every worked-out number on a page leads to why it is what it is; numbers inside sentences are not looked at."""

import re

from django.conf import settings

TEMPLATES = settings.BASE_DIR / "templates"
NUMBER = re.compile(r"\{\{\s*([^}|]+)\|(?:[^}|]+\|)*(?:completion_percent|percent|rounded|signed)\b[^}]*\}\}")
LEADS = ("explain", "why_url")
TYPED, NOTHING, PREVIEW = "typed by people", "no value is shown here", "a preview of what has not happened"
# Numbers that need no explanation of their own, and why.
EXEMPT = {
    "charts/_gauge.html": "a picture; the page beside it leads on",
    "charts/_weights.html": TYPED,
    "scorecards/_card_live.html": TYPED,
    "scorecards/_effect.html": PREVIEW,
    "scorecards/assign.html": PREVIEW,
    "scorecards/card_edit.html": TYPED,
    "scorecards/change_new.html": TYPED,
    "scorecards/proposal.html": TYPED,
    "scorecards/push.html": "last year's result, beside a target that is typed",
    "scorecards/reopening.html": "the name in the same row leads to the explanation",
    "scorecards/night_changes.html": "the name in the same row leads to the explanation",
    "strategy/template_list.html": TYPED,
}
# (template, expression): the same for one number of a template.
EXEMPT_NUMBERS = {
    ("scorecards/_home_team.html", "None"): NOTHING,
    ("scorecards/_line_row.html", "line.weight"): TYPED,
    ("scorecards/_line_row.html", "row.completion"): NOTHING,
    ("scorecards/_team_list.html", "card.completion"): NOTHING,
    ("scorecards/_tree_node.html", "node.completion"): NOTHING,
    ("scorecards/_tree_results.html", "score.percent"): NOTHING,
    ("scorecards/team.html", "company.percent"): NOTHING,
    ("strategy/_map_list.html", "item.score.percent"): NOTHING,
    ("strategy/objective.html", "score.percent"): NOTHING,
    ("strategy/objective.html", "view.progress"): "leads to the steps of the initiative, whose share it is",
}


def unexplained(name: str, text: str) -> list[str]:
    """Numbers of a template that stand in no link to an explanation."""
    found = []
    for match in NUMBER.finditer(text):
        before = text[: match.start()]
        opened = before.rfind("<a ")
        link = before[opened:] if opened > before.rfind("</a>") else ""
        if not any(word in link for word in LEADS) and (name, match[1].strip()) not in EXEMPT_NUMBERS:
            found.append(f"{name}: {match[0]}")
    return found


def test_every_number_leads_to_its_explanation():
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        if name not in EXEMPT and not name.startswith(("payroll/", "strategy/initiative", "strategy/_initiative")):
            wrong += unexplained(name, path.read_text())
    assert wrong == []
