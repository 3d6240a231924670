"""The KPI tree: from objectives down to people and back up, and the links it is made of."""

from functools import wraps

from django.contrib import messages
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from kpiapp import queries as people
from kpiapp.choices import Scope
from kpiapp.permissions import Permission, can, requires, scope_of
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in, ids_in
from scorecards import queries
from scorecards.cascade import loose_ends as loose
from scorecards.cascade import picture as pictures
from scorecards.cascade import transfers
from scorecards.cascade import tree as trees
from scorecards.choices import LinkKind
from scorecards.models import KpiLink, ScorecardLine
from scorecards.services import cascade
from scorecards.services import transfers as service
from scorecards.views import parts
from strategy import queries as strategy
from strategy.visibility import hidden_kpis, usable_kpis

LOOSE_SHOWN = 100
FOLLOWED_SHOWN = 5
# As many as the picture has boxes, and ids no longer than the database has them.
OPENED, ID_DIGITS = 60, 19


@requires(Permission.CARD_READ)
@require_GET
def tree(request):
    """Objectives with the KPIs of company and departments on top; what is below opens level by level."""
    period = queries.period_on(request.today, request.GET.get("period", ""))
    if period is None:
        return parts.no_card(request, None)
    text = request.GET.get("q", "").strip()[:100]
    context = {"period": period, "periods": queries.periods_like(period), "text": text}
    context["here"] = f"{reverse('scorecards:tree', args=[request.organization.slug])}?period={period.code}"
    if text:
        context["found"] = trees.found(request.member, period, request.today, text)
    else:
        groups = trees.tops(request.member, period, request.today)
        context["picture"] = _whole_picture(request, period, groups)
        context["picture_name"] = _("KPI tree")
        if _is_picture(request) and context["picture"]:
            return render(request, "scorecards/_tree_picture.html", context)
        objectives = list(trees.objectives_of(key for key in groups if key is not None))
        scores = strategy.objective_scores([objective.pk for objective in objectives], period)
        context["groups"] = [(one, scores.get(one.pk, strategy.NO_SCORE), groups[one.pk]) for one in objectives]
        context["loose"] = groups.get(None, [])
    return render(request, "scorecards/_tree_results.html" if request.htmx else "scorecards/tree.html", context)


def _is_picture(request) -> bool:
    """Whether htmx asks for the picture alone, with something opened or closed."""
    return bool(request.htmx) and request.htmx.target == "tree-picture"


def _opened(request) -> set[int] | None:
    """The owned KPIs that are open in the picture; None where nobody has chosen yet."""
    if "open" not in request.GET:
        return None
    return {int(part) for part in request.GET["open"].split(",")[:OPENED] if part.isdigit() and len(part) < ID_DIGITS}


def _whole_picture(request, period, groups) -> pictures.Picture | None:
    """The tops that somebody carries, all open until somebody chooses; None where nobody carries any."""
    tops = [node.line for nodes in groups.values() for node in nodes if node.line and node.line.below]
    opened = _opened(request)
    if opened is None:
        opened = pictures.open_at_first(tops, request.member, period, request.today)
    return pictures.whole(tops, opened, request.member, period, request.today) if tops else None


@requires(Permission.CARD_READ)
@require_GET
def loose_ends(request):
    """What leads nowhere or is carried by nobody, each with the way to mend it."""
    period = queries.period_on(request.today, request.GET.get("period", ""))
    if period is None:
        return parts.no_card(request, None)
    known = usable_kpis(request.member, request.today).values("pk")
    context = {
        "period": period,
        "periods": queries.periods_like(period),
        "objectives": loose.objectives_without_measure()[:LOOSE_SHOWN],
        "departments": loose.departments_without_card(period)[:LOOSE_SHOWN],
        "aimless": loose.orphan_kpis().filter(pk__in=known)[:LOOSE_SHOWN],
        "unused": loose.kpis_without_card(period).filter(pk__in=known)[:LOOSE_SHOWN],
        "parentless": loose.kpis_without_parent(request.member, period, request.today)[:LOOSE_SHOWN],
        "strays": _left_behind(request, period)[:LOOSE_SHOWN],
        "may_mend": _may_mend(request.member),
        "may_define": can(request.member, Permission.KPI_EDIT),
        "may_assign": can(request.member, Permission.CARD_AGREE),
    }
    return render(request, "scorecards/loose_ends.html", context)


def _left_behind(request, period, *among, **links) -> list[transfers.LeftBehind]:
    """Links of people one may read that lead to a place they have left by the end of a period."""
    readable = people.visible_members(request.member, Permission.CARD_READ, request.today)
    found = KpiLink.objects.filter(*among, child__member__in=readable.values("pk")).filter(**links)
    hidden = hidden_kpis(request.member, request.today).values("pk")
    return transfers.left_behind(on=period.last_day, links=found.exclude(child__definition__in=hidden))


def _may_mend(member) -> bool:
    return scope_of(member, Permission.CARD_EDIT) in (Scope.TEAM, Scope.ALL)


@requires(Permission.CARD_EDIT)
@require_POST
def follow(request):
    """Let links that lead to a place their person has left follow to where they stand now."""
    period = queries.period_on(request.today, request.POST.get("period", ""))
    team = people.visible_members(request.member, Permission.CARD_EDIT, request.today).exclude(pk=request.member.pk)
    chosen = {"child__member__in": team.values("pk")}
    if "all" not in request.POST:
        chosen["pk__in"] = ids_in(request.POST.getlist("link"))
    found = period and _left_behind(request, period, **chosen)
    if not found:
        raise Http404
    try:
        told = service.mend(links=found, by=request.member, today=request.today)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        for sentence in told[:FOLLOWED_SHOWN]:
            messages.success(request, sentence)
    if line := id_in(request.POST.get("line", "")):
        return redirect("scorecards:tree_line", request.organization.slug, line)
    return redirect(f"{reverse('scorecards:loose_ends', args=[request.organization.slug])}?period={period.code}")


def _line(request, pk) -> ScorecardLine:
    line = queries.visible_lines(request.member, request.today)
    related = ("kpi__definition", "kpi__objective__map", "kpi__objective__perspective", "score", "scorecard__period")
    owner = ("scorecard__member", "scorecard__department__head", "scorecard__organization")
    return get_object_or_404(line.select_related(*related, *owner), pk=pk)


def _may_link(request, line: ScorecardLine) -> bool:
    rights = queries.rights_on(line.scorecard, request.member, request.today)
    return rights["edit"] and line.scorecard.period.is_open


@requires(Permission.CARD_READ)
@require_GET
def tree_line(request, pk):
    """One line with what it feeds and what feeds it; for htmx the level below it alone."""
    line = _line(request, pk)
    drawn = {"period": line.scorecard.period, "picture_name": _("What it feeds, and what feeds it")}
    if not request.htmx or _is_picture(request):
        opened = _opened(request)
        around = {line.owned_id} if opened is None else opened
        drawn["picture"] = pictures.around(line, around, request.member, request.today)
        drawn["here"] = f"{reverse('scorecards:tree_line', args=[request.organization.slug, line.pk])}?show=picture"
    if _is_picture(request):
        return render(request, "scorecards/_tree_picture.html", drawn)
    if request.htmx:
        skip = id_in(request.GET.get("from", "")) or 0
        branch = trees.below(line, request.member, request.today, skip=skip)
        context = {"branch": branch, "line": line, "parent": line}
        if skip:
            # More rows of the page's own list, where links can be ended.
            context["may_link"] = _may_link(request, line)
        return render(request, "scorecards/_tree_branch.html", context)
    above, below = trees.both_ways(line, request.member, request.today)
    may_link = _may_link(request, line)
    text = request.GET.get("q", "").strip()[:100]
    around = Q(parent=line.owned_id) | Q(child=line.owned_id)
    context = {
        **drawn,
        "line": line,
        "strays": _left_behind(request, line.scorecard.period, around) if line.owned_id else [],
        "may_mend": _may_mend(request.member),
        "node": trees.Node(line.kpi.name, line),
        "card": line.scorecard,
        "above": above,
        "branch": below,
        "share": trees.target_share(line),
        "feeding": [node for node in below.nodes if not node.is_support],
        "may_link": may_link,
        "may_push": line.scorecard.period.is_open and can(request.member, Permission.CARD_AGREE),
        "candidates": trees.candidates(line, request.member, request.today) if may_link else [],
        "text": text,
        "supporters": trees.supporters(line, request.member, request.today, text) if may_link else [],
    }
    return render(request, "scorecards/tree_line.html", context)


def _of_editable_line(view):
    """Hand a view the line whose links it sets up: of a card one may set up, in a period that is not locked."""

    @wraps(view)
    def with_line(request, pk):
        parent = _line(request, pk)
        if not queries.editable_cards(request.member, request.today).filter(pk=parent.scorecard_id).exists():
            raise Http404
        period = parent.scorecard.period
        if period.is_open:
            view(request, parent)
        else:
            locked = _("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label}
            messages.error(request, locked)
        return redirect("scorecards:tree_line", request.organization.slug, pk)

    return with_line


@requires(Permission.CARD_EDIT)
@require_POST
@_of_editable_line
def link(request, parent):
    """Let the ticked lines feed or support a line, from its period on."""
    kind = LinkKind.SUPPORT if request.POST.get("kind") == LinkKind.SUPPORT else LinkKind.CONTRIBUTION
    lines = queries.visible_lines(request.member, request.today).filter(
        pk__in=ids_in(request.POST.getlist("child")), scorecard__period=parent.scorecard.period_id
    )
    children = list(lines.select_related("scorecard", "kpi"))
    if not children:
        messages.warning(request, _("Tick at least one card to link."))
        return
    own = {"": None, "1": False}.get(request.POST.get("own_entries", ""))
    try:
        done = cascade.link_many(
            parent=cascade.owned_of([parent])[0],
            children=cascade.owned_of(children),
            kind=kind,
            rolls_up=own,
            valid_from=parent.scorecard.period.starts_on,
            by=request.member,
            today=request.today,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return
    for reason in done.refused[:3]:
        messages.error(request, reason)
    if done.links:
        count = len(done.links)
        messages.success(request, ngettext("%(count)d link set.", "%(count)d links set.", count) % {"count": count})


@requires(Permission.CARD_EDIT)
@require_POST
@_of_editable_line
def unlink(request, parent):
    """End a link from the line's period on."""
    ended = get_object_or_404(KpiLink, pk=id_in(request.POST.get("link", "")), parent=parent.owned_id)
    day = parent.scorecard.period.starts_on
    _done(request, cascade.end_link, _("The link has ended."), link=ended, on=day)


@requires(Permission.CARD_EDIT)
@require_POST
@_of_editable_line
def source(request, parent):
    """Take the actual from the children, or keep own entries and only compare."""
    _done(
        request,
        cascade.choose_source,
        _("Saved."),
        parent=cascade.owned_of([parent])[0],
        rolls_up=request.POST.get("rolls_up") == "1",
        valid_from=parent.scorecard.period.starts_on,
    )


def _done(request, service, text: str, **arguments) -> None:
    try:
        service(by=request.member, today=request.today, **arguments)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, text)
