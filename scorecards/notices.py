"""What notifications about cards and their lines say: only of rows that their reader may see, in their language."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.inbox import of_targets
from kpiapp.models import Member, Notification
from kpiapp.registry import NotificationKind, Told
from scorecards import queries, warning_queries
from scorecards.models import ChangeRequest

CARD_SUBMITTED, CARD_AGREED, CARD_RETURNED = "card.submitted", "card.agreed", "card.returned"
CHANGE_REQUESTED, CHANGE_APPROVED, CHANGE_REFUSED = "change.requested", "change.approved", "change.refused"
ENTRY_RETURNED = "entry.returned"
WARNING_ASSIGNED = "warning.assigned"


def about_cards(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """A card was handed in, agreed or returned."""
    seen = queries.visible_cards(reader, on).filter(pk__in=of_targets(notifications))
    cards = seen.select_related("member", "department", "organization", "period").in_bulk()
    slug = reader.organization.slug
    found = {}
    for one in notifications:
        card = cards.get(one.target_id)
        if card is None:
            continue
        names = {"owner": card.owner_name, "period": card.period.label, "name": _actor(one)}
        text = {
            CARD_SUBMITTED: _("%(owner)s, %(period)s: the card waits for you to agree it or to return it.") % names,
            CARD_AGREED: _("%(name)s agreed your card of %(period)s.") % names
            if card.member_id == reader.pk
            else _("%(name)s agreed the card of %(owner)s, %(period)s.") % names,
            CARD_RETURNED: _("%(name)s returned the card of %(owner)s, %(period)s. See why, mend it, hand it in again.")
            % names,
        }[one.kind]
        url = reverse("scorecards:card", args=[slug, card.pk])
        found[one.pk] = Told(text, url, detail=one.facts.get("reason", ""))
    return found


def about_changes(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """A change was asked for, or decided."""
    requests = ChangeRequest.objects.filter(
        pk__in=of_targets(notifications), line__scorecard__in=queries.visible_cards(reader, on).values("pk")
    ).select_related(
        "line__kpi__definition",
        "line__scorecard__member",
        "line__scorecard__department",
        "line__scorecard__organization",
        "line__scorecard__period",
    )
    by_id = requests.in_bulk()
    slug, found = reader.organization.slug, {}
    for one in notifications:
        request = by_id.get(one.target_id)
        if request is None:
            continue
        card, version = request.line.scorecard, request.line.kpi
        sentences = {
            CHANGE_REQUESTED: _("%(name)s asks to change %(kpi)s on the card of %(owner)s, %(period)s."),
            CHANGE_APPROVED: _("%(name)s approved the change of %(kpi)s on the card of %(owner)s, %(period)s."),
            CHANGE_REFUSED: _("%(name)s refused the change of %(kpi)s on the card of %(owner)s, %(period)s."),
        }
        names = {"name": _actor(one), "owner": card.owner_name, "period": card.period.label}
        url = reverse("scorecards:changes", args=[slug])
        if one.kind != CHANGE_REQUESTED:
            url = reverse("scorecards:line", args=[slug, request.line_id])
        detail = request.reason if one.kind == CHANGE_REQUESTED else request.decision_note
        found[one.pk] = _about_kpi(sentences[one.kind], names, version, url, detail)
    return found


def about_lines(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """An entry was sent back."""
    lines = (
        queries.visible_lines(reader, on)
        .filter(pk__in=of_targets(notifications))
        .select_related(
            "kpi__definition",
            "scorecard__member",
            "scorecard__department",
            "scorecard__organization",
            "scorecard__period",
        )
        .in_bulk()
    )
    slug, found = reader.organization.slug, {}
    for one in notifications:
        line = lines.get(one.target_id)
        if line is None:
            continue
        card = line.scorecard
        names = {"name": _actor(one), "owner": card.owner_name, "period": card.period.label}
        sentence = _("%(name)s returned your entry of %(kpi)s, %(owner)s, %(period)s. Mend it, so that it counts.")
        url = reverse("scorecards:line", args=[slug, line.pk])
        found[one.pk] = _about_kpi(sentence, names, line.kpi, url, one.facts.get("reason", ""))
    return found


def about_warnings(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """Somebody handed a warning over."""
    warnings = warning_queries.open_warnings(reader, on).filter(pk__in=of_targets(notifications)).in_bulk()
    found = {}
    for one in notifications:
        warning = warnings.get(one.target_id)
        if warning is None:
            continue
        names = {"name": _actor(one), "warning": warning.get_kind_display(), "about": _about_what(warning)}
        sentence = _("%(name)s handed you a warning: %(warning)s, %(about)s.")
        url = reverse("scorecards:warning", args=[reader.organization.slug, warning.pk])
        hidden = _is_confidential(warning)
        mail = sentence % {**names, "about": _("a confidential KPI")} if hidden else ""
        found[one.pk] = Told(sentence % names, url, mail_text=mail)
    return found


def _about_what(warning) -> str:
    if warning.line:
        return f"{warning.line.kpi.name}, {warning.scorecard.owner_name}"
    return str(warning.scorecard or warning.objective or warning.kpi)


def _is_confidential(warning) -> bool:
    return bool(
        (warning.line and warning.line.kpi.definition.is_confidential) or (warning.kpi and warning.kpi.is_confidential)
    )


def _about_kpi(sentence: str, names: dict, version, url: str, detail: str) -> Told:
    """A sentence with the name of a KPI; a confidential one has none in a mail."""
    mail = sentence % {**names, "kpi": _("a confidential KPI")} if version.definition.is_confidential else ""
    return Told(sentence % {**names, "kpi": version.name}, url, detail=detail, mail_text=mail)


def _actor(notification: Notification) -> str:
    return notification.actor.name if notification.actor else _("The system")


KINDS = {
    CARD_SUBMITTED: NotificationKind(gettext_lazy("Card to agree"), "target", about_cards, waits=True),
    CARD_AGREED: NotificationKind(gettext_lazy("Card agreed"), "circle-check", about_cards),
    CARD_RETURNED: NotificationKind(gettext_lazy("Card returned"), "undo-2", about_cards, waits=True),
    CHANGE_REQUESTED: NotificationKind(gettext_lazy("Change to decide"), "pencil", about_changes, waits=True),
    CHANGE_APPROVED: NotificationKind(gettext_lazy("Change approved"), "check", about_changes),
    CHANGE_REFUSED: NotificationKind(gettext_lazy("Change refused"), "x", about_changes),
    WARNING_ASSIGNED: NotificationKind(gettext_lazy("Warning"), "triangle-alert", about_warnings, waits=True),
    ENTRY_RETURNED: NotificationKind(gettext_lazy("Entry returned"), "undo-2", about_lines, waits=True),
}
