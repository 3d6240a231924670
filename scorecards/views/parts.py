"""What several pages of cards answer with: the context of a card, and the parts that follow a saved change."""

import json

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from kpiapp import registry
from kpiapp.permissions import Permission, can
from scorecards import home_panels, queries
from scorecards.cards import rows
from scorecards.warnings import lists as warning_lists


def card_context(request, card, period) -> dict:
    """Everything a card's page shows."""
    rights = queries.rights_on(card, request.member, request.today)
    shown = rows.rows_of(card, reader=request.member, on=request.today, can_record=rights["record"])
    is_own = card.member_id == request.member.pk
    return {
        "card": card,
        "period": period,
        "periods": queries.periods_like(period),
        "rights": rights,
        "rows": shown,
        "summary": rows.summary_of(card, shown),
        "tiles": tiles_of(card, request.member),
        "is_own": is_own,
        "may_keep": can(request.member, Permission.TEMPLATE_EDIT),
        "warnings": warning_lists.of_card(card, request.member, request.today),
        "offers": home_panels.offers_to(request.member, request.today) if is_own else None,
        "start": rows.first_cell(shown) if rights["record"] and period.is_open else "",
    }


def tiles_of(card, member) -> list:
    """Tiles other apps show above a card."""
    return [tile for provider in registry.CARD_TILES for tile in provider(card, member)]


def saved_parts(request, card, *, changed, errors=None, typed=None, main=None, drawer="") -> HttpResponse:
    """The rows that changed, the total and the tiles: all that follows from a saved entry, in one answer.

    `main` is the line whose row the request swaps in place; every other part goes out of band.
    """
    shown = rows.rows_of(card, reader=request.member, on=request.today, can_record=True)
    card = shown[0].line.scorecard if shown else card
    show_outcome(shown, changed, errors or {}, typed or {})
    touched = {pk for pk, _column in [*changed, *(errors or {})]} | ({main} if main else set())
    # Formulas follow at once.
    touched |= {row.line.pk for row in shown if row.formula is not None}
    context = {
        "card": card,
        "period": card.period,
        "rows": sorted((row for row in shown if row.line.pk in touched), key=lambda row: row.line.pk != main),
        "main": main,
        "summary": rows.summary_of(card, shown),
        "tiles": tiles_of(card, request.member),
        "is_own": card.member_id == request.member.pk,
    }
    html = render_to_string("scorecards/_saved.html", context, request)
    return HttpResponse(html + drawer, status=422 if main and errors else 200)


def show_outcome(shown, changed, errors, typed) -> None:
    """Mark the cells of rows: saved, or refused with what was typed and why."""
    for row in shown:
        for cell in row.cells:
            key = (row.line.pk, cell.column)
            if key in errors:
                cell.state, cell.message, cell.shown = "error", errors[key], typed.get(key, cell.shown)
            elif key in changed:
                cell.state = "saved"


def with_toast(response, text: str, *, kind: str = "success", undo=None, slug: str = ""):
    """Say how it went in a notice, with an undo for the entries given."""
    notice = {"text": text, "kind": kind}
    if undo:
        ids = ",".join(str(actual.pk) for actual in undo)
        notice["undo_url"] = f"{reverse('scorecards:entries_withdraw', args=[slug])}?ids={ids}"
    response["HX-Trigger"] = json.dumps({"toast": notice})
    return response


def no_card(request, period, periods=()):
    """The page of someone who has no card in a period: what to do first."""
    offers = home_panels.offers_to(request.member, request.today)
    return render(request, "scorecards/no_card.html", {"period": period, "periods": periods, "offers": offers})
