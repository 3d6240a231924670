"""The assignment grid: shown, typed into cell by cell, put on cards, thrown away. Only whoever made it finds it."""

import json
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from kpiapp.decimals import format_number
from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from scorecards.assigning.draft_grid import WrongCell, changed_data, grid_of, page_data, read_cell
from scorecards.choices import SpreadBy
from scorecards.models import AssignmentDraft
from scorecards.models.draft import BASELINE
from scorecards.services import drafts

MOST_CELLS, SENTENCES = 50_000, 3
HOW = ("set", "percent", "times")


def _own(request, pk) -> AssignmentDraft:
    mine = AssignmentDraft.objects.filter(made_by=request.member.pk).select_related("job")
    return get_object_or_404(mine, pk=pk)


@requires(Permission.CARD_EDIT)
@require_GET
@never_cache  # "back" must show what was typed since
def draft(request, pk):
    """The grid, or, once it is on the cards, what became of it."""
    row = _own(request, pk)
    context = {"draft": row, "is_working": bool(row.job and row.job.is_live)}
    if row.put_at is None and not context["is_working"]:
        grid = grid_of(row)
        owners = {line.owner_key for line in grid.rows}
        context |= {
            "grid": grid,
            "data": page_data(grid),
            "spreads": SpreadBy.choices,
            "owners": len(owners),
            "cards": len({(line.owner_key, code) for line in grid.rows for code in line.periods_of(grid.codes)}),
            "closed": len(
                {(line.owner_key, code) for line in grid.rows for code in grid.codes if grid.closed(line, code)}
            ),
        }
    return render(request, "scorecards/draft.html", context)


@requires(Permission.CARD_EDIT)
@require_POST
def draft_cells(request, pk):
    """Cells written from the grid as JSON: {"cells": [[row, column, text], …]}, a step on rows × columns, or
    {"balance": [row, …]}."""
    row = _own(request, pk)
    try:
        asked = json.loads(request.body)
        touched, left = _done(row, asked)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        if isinstance(error, WrongCell):
            return JsonResponse({"error": str(error)}, status=422)
        return HttpResponseBadRequest()
    except Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=422)
    return JsonResponse({**changed_data(grid_of(row, touched), touched), "left": left[:SENTENCES]})


def _done(row: AssignmentDraft, asked: dict) -> tuple[list[int], list[str]]:
    """The rows that were touched, and sentences about what was left as it is."""
    if "balance" in asked:
        return drafts.balance_rows(draft=row, ids=[int(pk) for pk in asked["balance"]])
    return (_written(row, asked) if "cells" in asked else _adjusted(row, asked)), []


def _written(row: AssignmentDraft, asked: dict) -> list[int]:
    # A NUL is no text for the database.
    cells = asked["cells"][:MOST_CELLS]
    typed = [(int(pk), str(column), str(text).replace("\0", "")) for pk, column, text in cells]
    spread_by = SpreadBy(asked.get("spread", SpreadBy.PLAN))
    return drafts.write_cells(draft=row, typed=typed, language=get_language() or "en", spread_by=spread_by)


def _adjusted(row: AssignmentDraft, asked: dict) -> list[int]:
    ids, columns, how = [int(pk) for pk in asked["rows"]], [str(name) for name in asked["columns"]], asked["how"]
    amount = read_cell(BASELINE, str(asked["amount"]), get_language() or "en")
    if amount is None or how not in HOW:
        raise WrongCell(_("Type a number, for example %(example)s.") % {"example": "10"})
    return drafts.adjust_cells(draft=row, ids=ids, columns=columns, how=how, amount=amount)


@requires(Permission.CARD_EDIT)
@require_POST
def draft_put(request, pk):
    """All of it on the cards, at once or by a worker."""
    row = _own(request, pk)
    slug = request.organization.slug
    try:
        done = drafts.put_on_cards(draft=row, by=request.member, today=request.today)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("scorecards:draft", slug, pk)
    if done.put_at and not done.result["left_alone"]:
        say_what_was_done(request, done)
        if done.result["card"]:
            return redirect("scorecards:card", slug, done.result["card"])
    return redirect("scorecards:draft", slug, pk)


def say_what_was_done(request, done: AssignmentDraft) -> None:
    """How many cards were set up, as a message on the next page."""
    count = done.result["cards"]
    if count:
        text = ngettext("%(count)s card set up.", "%(count)s cards set up.", count)
        messages.success(request, text % {"count": format_number(Decimal(count), get_language() or "en")})


@requires(Permission.CARD_EDIT)
@require_POST
def draft_discard(request, pk):
    """Throw the grid away."""
    try:
        drafts.discard_draft(draft=_own(request, pk))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The grid is thrown away. No card was touched."))
    return redirect("scorecards:assign", request.organization.slug)
