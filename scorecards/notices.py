"""What notifications about cards and their lines say: only of rows that their reader may see, in their language."""

import datetime
from collections.abc import Sequence

from django.db.models import Count, OuterRef, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kpiapp.inbox import of_targets
from kpiapp.models import Member, Notification, Period
from kpiapp.queries import count_of
from kpiapp.registry import NotificationKind, Told
from scorecards import queries
from scorecards.cascade import negotiation
from scorecards.choices import LineState, WarningState
from scorecards.models import ChangeRequest, EarlyWarning, ScorecardLine
from scorecards.warnings import queries as warning_queries

CARD_SUBMITTED, CARD_AGREED, CARD_RETURNED = "card.submitted", "card.agreed", "card.returned"
CHANGE_REQUESTED, CHANGE_APPROVED, CHANGE_REFUSED = "change.requested", "change.approved", "change.refused"
ENTRY_RETURNED = "entry.returned"
WARNING_ASSIGNED, WARNINGS_MINE = "warning.assigned", "warnings.mine"
VALUES_MISSING, VALUES_MISSING_TEAM, VALUES_MISSING_UNIT = (
    "values.missing",
    "values.missing_team",
    "values.missing_unit",
)
ENTRIES_WAIT = "entries.wait"
TARGET_OFFERED, TARGET_PROPOSED, TARGET_ANSWERED = "target.offered", "target.proposed", "target.answered"
TARGET_ACCEPTED, TARGET_DECLINED = "target.accepted", "target.declined"


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
        pk__in=of_targets(notifications), line__in=queries.visible_lines(reader, on).values("pk")
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


def about_missing(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """Values of a card are missing: how many by now."""
    missing = ScorecardLine.objects.filter(
        scorecard=OuterRef("pk"), is_scored=True, waived_reason="", takes_children=False, score__entries=0
    ).filter(score__state__in=[LineState.NOT_DUE, LineState.LATE])
    seen = queries.visible_cards(reader, on).filter(pk__in=of_targets(notifications), period__locked_at=None)
    cards = seen.select_related("member", "department", "organization", "period").annotate(missing=count_of(missing))
    by_id, found = cards.in_bulk(), {}
    for one in notifications:
        card = by_id.get(one.target_id)
        if card is None or not card.missing:
            continue
        names = {"count": card.missing, "owner": card.owner_name, "period": card.period.label}
        names["day"] = date_format(card.period.last_day, "DATE_FORMAT")
        if card.member_id == reader.pk:
            text = ngettext(
                "%(count)d value of your card of %(period)s is missing. It is due on %(day)s.",
                "%(count)d values of your card of %(period)s are missing. They are due on %(day)s.",
                card.missing,
            )
        else:
            text = ngettext(
                "%(count)d value of the card of %(owner)s, %(period)s, is missing. It was due on %(day)s.",
                "%(count)d values of the card of %(owner)s, %(period)s, are missing. They were due on %(day)s.",
                card.missing,
            )
        found[one.pk] = Told(text % names, reverse("scorecards:card", args=[reader.organization.slug, card.pk]))
    return found


def about_waiting(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """Entries of a period wait for the reader's approval: how many by now."""
    waiting = queries.approvable_actuals(reader, on).filter(line__scorecard__period__in=of_targets(notifications))
    counts = dict(waiting.order_by().values_list("line__scorecard__period").annotate(Count("pk")))
    periods = Period.objects.in_bulk(list(counts))
    url = reverse("scorecards:approvals", args=[reader.organization.slug])
    found = {}
    for one in notifications:
        if count := counts.get(one.target_id):
            text = ngettext(
                "%(count)d entry of %(period)s waits for your approval.",
                "%(count)d entries of %(period)s wait for your approval.",
                count,
            )
            found[one.pk] = Told(text % {"count": count, "period": periods[one.target_id].label}, url)
    return found


def about_own_warnings(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """How many warnings the reader owns by now, and how many of them are overdue."""
    mine = EarlyWarning.objects.filter(owner=reader.pk, closed_on=None, state=WarningState.OPEN)
    counts = mine.aggregate(open=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=on)))
    if not counts["open"]:
        return {}
    text = ngettext("You own %(count)d open warning.", "You own %(count)d open warnings.", counts["open"])
    text = text % {"count": counts["open"]}
    if counts["overdue"]:
        late = ngettext("%(count)d is overdue.", "%(count)d are overdue.", counts["overdue"])
        text = f"{text} {late % {'count': counts['overdue']}}"
    told = Told(text, reverse("scorecards:warnings", args=[reader.organization.slug]))
    return {one.pk: told for one in notifications}


def _about_what(warning) -> str:
    if warning.line:
        return f"{warning.line.kpi.name}, {warning.scorecard.owner_name}"
    return str(warning.scorecard or warning.objective or warning.kpi)


def _is_confidential(warning) -> bool:
    return bool(
        (warning.line and warning.line.kpi.definition.is_confidential) or (warning.kpi and warning.kpi.is_confidential)
    )


def about_proposals(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """A target was offered, proposed, answered, accepted or declined."""
    seen = negotiation.visible_proposals(reader, on).filter(pk__in=of_targets(notifications)).in_bulk()
    slug, found = reader.organization.slug, {}
    sentences = {
        TARGET_OFFERED: _("%(name)s offers a target: %(kpi)s, %(owner)s, %(period)s. Accept it, or propose another."),
        TARGET_PROPOSED: _("%(name)s proposes a KPI: %(kpi)s, %(owner)s, %(period)s. Approve it, or adjust it."),
        TARGET_ANSWERED: _("%(name)s proposes another number: %(kpi)s, %(owner)s, %(period)s."),
        TARGET_ACCEPTED: _("%(name)s accepted: %(kpi)s, %(owner)s, %(period)s."),
        TARGET_DECLINED: _("%(name)s declined: %(kpi)s, %(owner)s, %(period)s."),
    }
    for one in notifications:
        proposal = seen.get(one.target_id)
        if proposal is not None:
            names = {"name": _actor(one), "owner": proposal.owned.owner_name, "period": proposal.period.label}
            url = reverse("scorecards:proposal", args=[slug, proposal.pk])
            found[one.pk] = _about_kpi(sentences[one.kind], names, proposal.kpi, url, "")
    return found


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
    WARNINGS_MINE: NotificationKind(gettext_lazy("New warnings"), "triangle-alert", about_own_warnings, waits=True),
    VALUES_MISSING: NotificationKind(gettext_lazy("Missing values"), "clock", about_missing, waits=True),
    VALUES_MISSING_TEAM: NotificationKind(gettext_lazy("Missing values of my people"), "clock", about_missing),
    VALUES_MISSING_UNIT: NotificationKind(gettext_lazy("Missing values of my department"), "clock", about_missing),
    ENTRIES_WAIT: NotificationKind(gettext_lazy("Entries to approve"), "clipboard-check", about_waiting, waits=True),
    TARGET_OFFERED: NotificationKind(gettext_lazy("Target offered"), "target", about_proposals, waits=True),
    TARGET_PROPOSED: NotificationKind(gettext_lazy("KPI proposed"), "target", about_proposals, waits=True),
    TARGET_ANSWERED: NotificationKind(gettext_lazy("Another number proposed"), "scale", about_proposals, waits=True),
    TARGET_ACCEPTED: NotificationKind(gettext_lazy("Target accepted"), "check", about_proposals),
    TARGET_DECLINED: NotificationKind(gettext_lazy("Target declined"), "x", about_proposals),
    ENTRY_RETURNED: NotificationKind(gettext_lazy("Entry returned"), "undo-2", about_lines, waits=True),
}
