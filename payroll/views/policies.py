"""Pay rules: tier tables with a what-if, amounts of positions, coefficients of people."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import ids_in
from payroll import forms, queries, summaries, tier_effects
from payroll.models import MemberPay, PositionPay, TierTable
from payroll.services import access_log, policies
from payroll.services import rates as rate_service
from payroll.views.access import for_pay_roles

PAGE_SIZE = 50


@require_safe
@requires(Permission.PAY_RULES_READ)
def tiers(request):
    """The tier table in force, those that wait, those before, and what a score would pay."""
    return _tiers_page(request)


@require_POST
@requires(Permission.PAY_RULES_EDIT)
def tier_table_create(request):
    """Propose a table; another person approves it."""
    form = forms.TierTableForm(request.POST)
    if not form.run(policies.create_tier_table, by=request.member):
        return _tiers_page(request, form, status=422)
    messages.success(request, _("Proposed. It counts once another person has approved it."))
    for warning in policies.tier_warnings(form.cleaned_data["steps"]):
        messages.warning(request, warning)
    return redirect("payroll:tiers", request.organization.slug)


@require_POST
@requires(Permission.PAY_RULES_APPROVE)
def tier_table_approve(request, pk):
    """Put a proposed table in force from its day on."""
    try:
        policies.approve_tier_table(table=get_object_or_404(TierTable, pk=pk), by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Approved."))
    return redirect("payroll:tiers", request.organization.slug)


@require_POST
@requires(Permission.PAY_RULES_EDIT)
@never_cache
def tier_effect(request):
    """Who would move to another tier by the table that is being typed, as a part of the page."""
    form = forms.TierTableForm(request.POST)
    form.fields["name"].required = False
    if not form.is_valid():
        return render(request, "payroll/_tier_effect.html", {"hint": _tier_hint()})
    try:
        policies.check_steps(form.cleaned_data["steps"])
    except Refused as refusal:
        return render(request, "payroll/_tier_effect.html", {"hint": str(refusal)})
    tiers = queries.as_tiers((at_least, factor, code) for code, at_least, factor in form.cleaned_data["steps"])
    effect = tier_effects.effect_of(tiers, valid_from=form.cleaned_data["valid_from"], reader=request.member)
    return render(request, "payroll/_tier_effect.html", {"effect": effect})


@require_safe
@requires(Permission.PAY_RULES_READ)
@never_cache
def tier_table_effect(request, pk):
    """The same of a table that waits for approval."""
    table = get_object_or_404(queries.tier_tables().filter(approved_at=None), pk=pk)
    effect = tier_effects.effect_of(queries.scoring_tiers(table), valid_from=table.valid_from, reader=request.member)
    return render(request, "payroll/_tier_effect.html", {"effect": effect})


def _tier_hint() -> str:
    return _("Change a step, and see here who would move to another tier.")


@require_safe
@requires(Permission.PAY_RULES_READ)
def what_if(request):
    """What a score would pay at a target, as a part of the page."""
    return render(request, "payroll/_what_if.html", _what_if(request, queries.tier_table_on(request.today)))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PAY_RULES_READ)
@never_cache
def position_rates(request):
    """P1 and KPI pay at target of every position: a rule of pay, for those who may read the rules."""
    found = _page(request, queries.positions_with_pay(request.today, request.GET.get("q", "")))
    rows, columns = forms.position_rows(found), forms.position_columns(request.organization.currency)
    return _rates_page(request, "positions", found, rows, columns, rate_service.propose_position_pay, "position")


@require_http_methods(["GET", "HEAD", "POST"])
@for_pay_roles
def member_rates(request):
    """P2 of every person, and own amounts where they differ from the position's: a person's pay."""
    access_log.record_read(action=access_log.RATES, target=request.organization, by=request.member)
    found = _page(request, queries.members_with_pay(request.today, request.GET.get("q", "")))
    rows, columns = forms.member_rows(found, request.member), forms.member_columns(request.organization.currency)
    return _rates_page(request, "people", found, rows, columns, rate_service.propose_member_pay, "member")


@require_POST
@requires(Permission.PAY_RULES_APPROVE)
def rates_approve(request, kind):
    """Put the chosen proposals in force."""
    done = _("Approved: they count from their day on.")
    return _decide_rates(request, kind, rate_service.approve_rates, done)


@require_POST
@requires(Permission.PAY_RULES_EDIT)
def rates_withdraw(request, kind):
    """Take the chosen proposals back."""
    return _decide_rates(request, kind, rate_service.withdraw_rates, _("Withdrawn."))


def _decide_rates(request, kind, decide, done: str):
    route, rows = _RATES[kind]
    ids = set(ids_in(request.POST.getlist("rate")))
    if rows.objects.filter(pk__in=ids).count() < len(ids):
        raise Http404
    chosen = rows.objects.waiting().filter(pk__in=ids).select_for_update(of=("self",))
    try:
        if decide(rates=list(chosen), by=request.member):
            messages.success(request, done)
        else:
            messages.error(request, _("Choose at least one proposal."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(route, request.organization.slug)


_RATES = {"positions": ("payroll:rates", PositionPay), "people": ("payroll:member_rates", MemberPay)}


def _page(request, rows):
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def _rates_page(request, kind, page, rows, columns, service, target):
    may_edit = can(request.member, Permission.PAY_RULES_EDIT)
    data = request.POST if request.method == "POST" else None
    if data is not None and not may_edit:
        raise PermissionDenied
    table = forms.RateTable(rows, columns, data)
    day = forms.DayForm(data, initial={"valid_from": summaries.first_open_day(request.today)})
    if data is not None and table.is_valid() and table.save(day, service, target, by=request.member):
        messages.success(request, _("Proposed. The rates count once another person has approved them."))
        return redirect(request.get_full_path())
    context = {
        "table": table,
        "day": day,
        "page": page,
        "kind": kind,
        "may_edit": may_edit,
        "may_approve": can(request.member, Permission.PAY_RULES_APPROVE),
        "waiting": summaries.waiting_rates(_RATES[kind][1], columns, request.member),
        "waiting_count": _RATES[kind][1].objects.waiting().count(),
        "q": request.GET.get("q", ""),
        "sees_pay": queries.sees_all_pay(request.member),
    }
    return render(request, "payroll/rates.html", context, status=200 if data is None else 422)


def _tiers_page(request, form=None, status=200):
    tables = list(queries.tier_tables())
    current = summaries.table_on(tables, request.today)
    steps = [(tier.code, tier.at_least, tier.coefficient) for tier in current.tiers.all()] if current else []
    first_day = summaries.first_open_day(request.today)
    context = {
        "shown": [table for table in tables if table == current or not table.approved_at],
        "others": [table for table in tables if table != current and table.approved_at],
        "form": form or forms.TierTableForm(steps=steps, initial={"valid_from": first_day}),
        "hint": _tier_hint(),
        "may_edit": can(request.member, Permission.PAY_RULES_EDIT),
        "may_approve": can(request.member, Permission.PAY_RULES_APPROVE),
        "sees_pay": queries.sees_all_pay(request.member),
        **_what_if(request, current),
    }
    return render(request, "payroll/tiers.html", context, status=status)


def _what_if(request, table):
    form = forms.WhatIfForm(request.GET if "score" in request.GET else forms.what_if_start())
    currency = request.organization.currency
    result = None
    if table and form.is_valid():
        result = summaries.what_if(**form.cleaned_data, tiers=queries.scoring_tiers(table), currency=currency)
    return {"what_if_form": form, "what_if": result}
