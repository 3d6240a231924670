"""Targets that two sides agree on: sharing one out, answering an offer, proposing a KPI."""

from decimal import Decimal

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kpiapp.decimals import ZERO
from kpiapp.models import Department
from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from scorecards import queries
from scorecards.cards import rows
from scorecards.cascade import negotiation, sharing
from scorecards.cascade import tree as trees
from scorecards.choices import ShareBy, ShareReach
from scorecards.forms import CounterForm, ProposalForm, ReasonForm, ShareForm
from scorecards.models import Proposal
from scorecards.services import proposals as service
from strategy.visibility import usable_kpis

PAGE = 50
USUAL_WEIGHT = Decimal(20)


@requires(Permission.CARD_AGREE)
@require_http_methods(["GET", "POST"])
def push(request, pk):
    """Share a line's target out among those below and offer each their part."""
    lines = queries.visible_lines(request.member, request.today)
    related = ("kpi", "scorecard__period", "scorecard__member", "scorecard__department", "scorecard__organization")
    line = get_object_or_404(lines.select_related(*related), pk=pk)
    receivers = sharing.receivers_of(line, request.member, request.today)
    given = {"receivers": receivers, "reaches": sharing.reaches_of(line)}
    form = ShareForm(request.POST or None, initial=_initial(line, receivers), **given)
    status, shares = 200, None
    if request.method == "POST":
        shares = _share(request, line, form, given["reaches"])
        if shares is not None and "send" in request.POST:
            return _send(request, line, form, shares, given["reaches"])
        if shares is not None:
            form = _filled(form, shares[line.scorecard.period_id], line, given)
        status = 422 if form.errors else 200
    context = {"line": line, "card": line.scorecard, "period": line.scorecard.period, "form": form}
    context["shared"] = line.kpi.aggregation in trees.TARGETS_ADD_UP
    context["later"] = _later(form, shares, line, given["reaches"]) if shares else []
    return render(request, "scorecards/push.html", context, status=status)


def _initial(line, receivers) -> dict:
    ticked = {f"to-{one.key}": True for one in receivers}
    how = {"how": ShareBy.EQUAL, "reach": ShareReach.PERIOD}
    return {"total": line.target, "weight": USUAL_WEIGHT, **how, **ticked}


def _share(request, line, form, reaches):
    """Targets by period and receiver, or None with the reason among the form's errors."""
    if not form.is_valid():
        return None
    if not form.chosen():
        form.add_error(None, _("Tick at least one department or person."))
        return None
    how, total = form.cleaned_data["how"], form.cleaned_data["total"]
    # What was shared out and then changed by hand stands as it is typed.
    typed = form.typed()
    if "send" in request.POST and any(number is not None for number in typed.values()):
        how = ShareBy.HAND
    try:
        shares = sharing.shares_of(total, form.chosen(), how, line, typed)
        totals = sharing.totals_of(line, reaches[form.cleaned_data["reach"]], total)
        return sharing.shares_again(totals, shares, line)
    except Refused as refusal:
        form.refuse(refusal)
        return None


def _filled(form, shares, line, given) -> ShareForm:
    data = form.data.copy()
    for one in given["receivers"]:
        share = shares.get(one.key)
        data[f"target-{one.key}"] = "" if share is None else rows.in_cell(share, line.kpi.decimals)
    return ShareForm(data, **given)


def _later(form, shares, line, reaches) -> list[tuple]:
    """What the periods after the first are offered: (period, its total where they add up, targets as rows stand)."""
    adds_up = line.kpi.aggregation in trees.TARGETS_ADD_UP
    return [
        (
            period,
            sum(shares[period.pk].values(), ZERO) if adds_up else None,
            [(one.owner.name, shares[period.pk].get(one.key)) for one, _tick, _target in form.rows],
        )
        for period in reaches[form.data.get("reach") or ShareReach.PERIOD][1:]
    ]


def _send(request, line, form, shares, reaches):
    periods = {period.pk: period for period in reaches[form.cleaned_data["reach"]]}
    offers = [
        service.Share(one.owner, given[one.key], periods[pk]) for pk, given in shares.items() for one in form.chosen()
    ]
    words = {"weight": form.cleaned_data["weight"], "reason": form.cleaned_data["reason"]}
    done = None
    try:
        done = service.push(line=line, shares=offers, by=request.member, today=request.today, **words)
    except Refused as refusal:
        messages.error(request, str(refusal))
    if done:
        for reason in done.refused[:5]:
            messages.warning(request, reason)
        count = len(done.proposals)
        if count:
            text = ngettext("%(count)d target offered.", "%(count)d targets offered.", count) % {"count": count}
            messages.success(request, text)
    return redirect("scorecards:tree_line", request.organization.slug, line.pk)


@requires(Permission.CARD_READ)
@require_GET
def proposals(request):
    """What waits for one's answer, and every other proposal one may see."""
    waiting = list(negotiation.answerable_proposals(request.member, request.today)[:PAGE])
    others = negotiation.visible_proposals(request.member, request.today).exclude(pk__in=[one.pk for one in waiting])
    page = Paginator(others, PAGE).get_page(request.GET.get("page"))
    return render(request, "scorecards/proposals.html", {"waiting": waiting, "page": page})


def _answerable(request, proposal) -> bool:
    return negotiation.answerable_proposals(request.member, request.today).filter(pk=proposal.pk).exists()


def _context(request, proposal, **forms) -> dict:
    may_answer = proposal.is_open and _answerable(request, proposal)
    return {
        "proposal": proposal,
        "steps": proposal.steps.select_related("by"),
        "may_answer": may_answer,
        "together": negotiation.offered_together(proposal, request.member, request.today) if may_answer else [],
        "may_withdraw": proposal.is_open and proposal.made_by_id == request.member.pk,
        "counter_form": CounterForm(initial={"target": proposal.target, "weight": proposal.weight}),
        "reason_form": ReasonForm(),
        **forms,
    }


@requires(Permission.CARD_READ)
@require_GET
def proposal(request, pk):
    """The thread of a proposal: what stands, who offered what and why, and one's answer."""
    found = get_object_or_404(negotiation.visible_proposals(request.member, request.today), pk=pk)
    return render(request, "scorecards/proposal.html", _context(request, found))


@requires(Permission.CARD_READ)
@require_POST
def proposal_answer(request, pk):
    """Accept, answer with another number, decline, or take back what one offered."""
    if "withdraw" in request.POST:
        found = get_object_or_404(negotiation.withdrawable_proposals(request.member), pk=pk)
        return _after(request, found, service.withdraw, _("Withdrawn."))
    found = get_object_or_404(negotiation.answerable_proposals(request.member, request.today), pk=pk)
    if "counter" in request.POST:
        return _counter(request, found)
    if "decline" in request.POST:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            context = _context(request, found, reason_form=form)
            return render(request, "scorecards/proposal.html", context, status=422)
        return _after(request, found, service.decline, _("Declined with your reason."), **form.cleaned_data)
    return _accept(request, found)


def _counter(request, found: Proposal):
    form = CounterForm(request.POST)
    if form.run(service.counter, proposal=found, by=request.member, today=request.today):
        messages.success(request, _("Your number is with the other side now."))
        return redirect("scorecards:proposal", request.organization.slug, found.pk)
    return render(request, "scorecards/proposal.html", _context(request, found, counter_form=form), status=422)


def _accept(request, found: Proposal):
    every = [found]
    if "all" in request.POST:
        every += negotiation.offered_together(found, request.member, request.today)
    try:
        not_linked = service.accept_all(proposals=every, by=request.member, today=request.today)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        text = ngettext(
            "Agreed: the target stands on the card.", "Agreed: %(count)d targets stand on the cards.", len(every)
        )
        messages.success(request, text % {"count": len(every)})
        if not_linked:
            messages.warning(request, not_linked)
    if request.POST.get("back") == "home":
        return redirect("kpiapp:home", request.organization.slug)
    return redirect("scorecards:proposal", request.organization.slug, found.pk)


def _after(request, found: Proposal, act, text: str, **arguments):
    try:
        act(proposal=found, by=request.member, **arguments)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, text)
    return redirect("scorecards:proposal", request.organization.slug, found.pk)


@requires(Permission.CARD_EDIT)
@require_http_methods(["GET", "POST"])
def proposal_new(request):
    """Propose a KPI with a target for oneself, or for a department one heads."""
    headed = Department.objects.filter(head=request.member.pk, is_active=True).order_by("sort_key")
    owners = {"me": request.member, **{f"d{unit.pk}": unit for unit in headed}}
    periods = {period.code: period for period in queries.open_periods(request.today)}
    wanted = request.GET.get("period", "")
    now = queries.period_on(request.today)
    initial = {
        "weight": USUAL_WEIGHT,
        "owner": "me",
        "kpi": request.GET.get("kpi", ""),
        "period": wanted if wanted in periods else now and now.code,
    }
    kpis = usable_kpis(request.member, request.today).select_related("current").order_by("sort_key")
    form = ProposalForm(request.POST or None, kpis=kpis, owners=owners, periods=periods.values(), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = service.propose(
                owner=owners[data["owner"]],
                kpi=data["kpi"].current,
                period=periods[data["period"]],
                target=data["target"],
                weight=data["weight"] or ZERO,
                reason=data["reason"],
                by=request.member,
                today=request.today,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Proposed. Your manager is asked to approve."))
            return redirect("scorecards:proposal", request.organization.slug, made.pk)
    status = 422 if form.errors else 200
    return render(request, "scorecards/proposal_new.html", {"form": form}, status=status)
