"""One's own pay: payslips of locked months, and why a line of pay, or a tier, is what it is."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kpiapp.permissions import Permission, requires
from payroll import explain, queries
from payroll.estimates import estimate_of
from payroll.services import access_log
from scorecards.queries import visible_cards

PAGE_SIZE = 24
READS_SHOWN = 20


@require_safe
@requires(Permission.PAY_READ)
@never_cache
def payslips(request):
    """One's own payslips, the newest first."""
    page = Paginator(queries.own_payslips(request.member), PAGE_SIZE).get_page(request.GET.get("page"))
    reads = access_log.reads_of(request.member)[:READS_SHOWN]
    return render(request, "payroll/payslips.html", {"page": page, "reads": reads})


@require_safe
@requires(Permission.PAY_READ)
@never_cache
def payslip(request, pk):
    """One month with its worked calculation."""
    line = get_object_or_404(queries.own_payslips(request.member), pk=pk)
    context = {"line": line, "explanation": explain.explain_line(line, reader=request.member, on=request.today)}
    return render(request, "payroll/payslip.html", context)


@require_safe
@requires(Permission.PAY_READ)
@never_cache
def explain_line(request, pk):
    """Why a person is paid what they are, down to what was typed."""
    line = get_object_or_404(queries.visible_lines(request.member).select_related("member"), pk=pk)
    access_log.record_read(action=access_log.LINE, target=line.member, by=request.member)
    explanation = explain.explain_line(line, reader=request.member, on=request.today)
    return render(request, "payroll/why_line.html", {"line": line, "explanation": explanation})


@require_safe
@requires(Permission.CARD_READ)
@never_cache
def explain_tier(request, pk):
    """Why a card stands at its tier now: the coefficient, and no amount."""
    cards = visible_cards(request.member, request.today).exclude(member=None)
    card = get_object_or_404(cards.select_related("period", "member", "score", "organization"), pk=pk)
    explanation = explain.explain_tier(card, reader=request.member)
    return render(request, "payroll/why_tier.html", {"card": card, "explanation": explanation})


@require_safe
@requires(Permission.PAY_READ)
@never_cache
def explain_estimate(request, pk):
    """What one's own month would bring if it ended now; nobody else's, whoever asks."""
    cards = visible_cards(request.member, request.today).filter(member=request.member)
    card = get_object_or_404(cards.select_related("period", "member", "organization"), pk=pk)
    line = estimate_of(card)
    if line is None:
        raise Http404
    explanation = explain.explain_estimate(line, card, reader=request.member, on=request.today)
    return render(request, "payroll/why_tier.html", {"card": card, "explanation": explanation})
