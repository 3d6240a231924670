"""People: the directory, a person, and what HR does with them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kpiapp import queries
from kpiapp.forms import LeaveForm, MoveForm, NewPersonForm, PeopleFilter, PersonForm, StandingForm
from kpiapp.models import Employment, Invitation, Member, RoleGrant
from kpiapp.permissions import Permission, can, requires
from kpiapp.person_field import person_label
from kpiapp.services import invitations, people
from kpiapp.services.refusals import Refused
from kpiapp.views.pages import form_page, invitation_link

PAGE_SIZE = 50
QUERY_LENGTH, PEOPLE_OFFERED = 100, 10
FOLLOWED_SHOWN = 5


@require_safe
@requires(Permission.PEOPLE_READ)
def people_list(request):
    """The directory, searched with or without accents."""
    form = PeopleFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = queries.find_people(
        text=chosen.get("q", ""),
        department=chosen.get("department"),
        left=chosen.get("left", False),
        on=request.today,
    )
    context = {
        "form": form,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "may_edit": can(request.member, Permission.PEOPLE_EDIT),
        "is_filtered": any(chosen.values()),
    }
    return render(request, "kpiapp/people_list.html", context)


@require_safe
@requires(Permission.PEOPLE_READ)
def people_options(request):
    """What a field for a person offers while one types: people here, all or `within` the reach of a permission."""
    text, within = request.GET.get("q", "").strip()[:QUERY_LENGTH], request.GET.get("within", "")
    found = Member.objects.none()
    if text:
        found = queries.find_people(text=text, department=None, left=False, on=request.today)
        if within in set(Permission):
            reach = queries.visible_members(request.member, Permission(within), request.today)
            found = found.filter(pk__in=reach.values("pk"))
    people = [
        (person_label(one), one.standing[0].position.name if one.standing else "") for one in found[:PEOPLE_OFFERED]
    ]
    return render(request, "kpiapp/_people_options.html", {"people": people})


@require_safe
@requires(Permission.PEOPLE_READ)
def person(request, pk):
    """Where a person stands today; for those concerned also how they came there."""
    member = get_object_or_404(queries.with_standing(Member.objects.all(), request.today), pk=pk)
    history = Employment.objects.none()
    if queries.may_see_history(request.member, member, request.today):
        history = Employment.objects.filter(member=member).select_related("department", "position", "manager")
    grants = RoleGrant.objects.none()
    if can(request.member, Permission.ROLE_READ):
        grants = queries.grants_in_force(request.today).filter(member=member)
    reports = Employment.objects.on(request.today).filter(manager=member, member__is_active=True)
    context = {
        "person": member,
        "standing": next(iter(member.standing), None),
        "reports": reports.select_related("member", "position").order_by("member__sort_key"),
        "history": history.order_by("-valid_from"),
        "grants": grants,
        "invitation": Invitation.objects.filter(member=member, accepted_at=None).first(),
        "may_edit": can(request.member, Permission.PEOPLE_EDIT),
        "may_audit": can(request.member, Permission.AUDIT_READ),
    }
    return render(request, "kpiapp/person.html", context)


@requires(Permission.PEOPLE_EDIT)
def person_new(request):
    """Add somebody."""
    form = NewPersonForm(request.POST or None, initial={"on": request.today, "code": people.next_code()})
    if request.method == "POST" and form.run(people.add_member, by=request.member):
        messages.success(request, _("%(name)s is here.") % {"name": form.result.name})
        return redirect("kpiapp:person", request.organization.slug, form.result.pk)
    return form_page(request, form, title=_("Add a person"), submit=_("Add"), back="people")


@requires(Permission.PEOPLE_EDIT)
def person_edit(request, pk):
    """Correct a name, code or address."""
    member = get_object_or_404(Member, pk=pk)
    initial = {"name": member.name, "code": member.code, "email": member.email}
    form = PersonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(people.edit_member, member=member, by=request.member):
        messages.success(request, _("Saved."))
        return redirect("kpiapp:person", request.organization.slug, member.pk)
    return form_page(request, form, title=member.name, submit=_("Save"), back="person", pk=pk)


@requires(Permission.PEOPLE_EDIT)
def person_move(request, pk):
    """Another department, position or manager from a day on."""
    member = get_object_or_404(Member, pk=pk, is_active=True)
    form = MoveForm(request.POST or None, initial=_standing_initial(member, request.today))
    if request.method == "POST" and form.run(people.move_member, member=member, by=request.member, today=request.today):
        messages.success(request, _("Saved. What was before stays in the history."))
        for sentence in form.result.followed[:FOLLOWED_SHOWN]:
            messages.info(request, sentence)
        return redirect("kpiapp:person", request.organization.slug, member.pk)
    title = _("Move %(name)s") % {"name": member.name}
    lead = _("The place until then ends on the day before; scores and pay follow the dates.")
    return form_page(request, form, title=title, lead=lead, submit=_("Move"), back="person", pk=pk)


@requires(Permission.PEOPLE_EDIT)
def person_deactivate(request, pk):
    """Let somebody go."""
    member = get_object_or_404(Member, pk=pk, is_active=True)
    form = LeaveForm(request.POST or None, initial={"last_day": request.today})
    if request.method == "POST" and form.run(
        people.deactivate_member, member=member, organization=request.organization, by=request.member
    ):
        _say_gone(request, member)
        return redirect("kpiapp:person", request.organization.slug, member.pk)
    title = _("Deactivate %(name)s") % {"name": member.name}
    lead = _("Signing in ends at once, and so do their roles and keys. Cards, entries and pay stay.")
    return form_page(request, form, title=title, lead=lead, submit=_("Deactivate"), back="person", pk=pk, danger=True)


@requires(Permission.PEOPLE_EDIT)
def person_reactivate(request, pk):
    """Bring somebody back."""
    member = get_object_or_404(Member, pk=pk, is_active=False)
    form = StandingForm(request.POST or None, initial={"on": request.today})
    if request.method == "POST" and form.run(
        people.reactivate_member, member=member, organization=request.organization, by=request.member
    ):
        messages.success(request, _("%(name)s is back. Roles have to be given anew.") % {"name": member.name})
        return redirect("kpiapp:person", request.organization.slug, member.pk)
    title = _("Bring %(name)s back") % {"name": member.name}
    return form_page(request, form, title=title, submit=_("Bring back"), back="person", pk=pk)


@require_POST
@requires(Permission.PEOPLE_EDIT)
def person_invite(request, pk):
    """Mail somebody a link to sign in; also again, which makes the older link useless."""
    member = get_object_or_404(Member, pk=pk)
    try:
        invitations.invite(
            member=member,
            organization=request.organization,
            link=invitation_link(request),
            by=request.member,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": member.email})
    return redirect("kpiapp:person", request.organization.slug, member.pk)


@require_POST
@requires(Permission.PEOPLE_EDIT)
def invitation_revoke(request, pk):
    """Make an open link useless."""
    member = get_object_or_404(Member, pk=pk)
    invitations.revoke_invitation(member=member, by=request.member)
    messages.success(request, _("The link no longer works."))
    return redirect("kpiapp:person", request.organization.slug, member.pk)


def _standing_initial(member, on) -> dict:
    standing = queries.employment_on(member, on)
    if standing is None:
        return {"on": on}
    return {
        "department": standing.department_id,
        "position": standing.position_id,
        "manager": standing.manager if standing.manager and standing.manager.is_active else None,
        "on": on,
    }


def _say_gone(request, member) -> None:
    messages.success(request, _("%(name)s can no longer sign in.") % {"name": member.name})
    left_behind = Employment.objects.on(request.today).filter(manager=member, member__is_active=True).count()
    if left_behind:
        text = ngettext(
            "%(count)d person still reports to %(name)s: give them another manager.",
            "%(count)d people still report to %(name)s: give them another manager.",
            left_behind,
        )
        messages.warning(request, text % {"count": left_behind, "name": member.name})
