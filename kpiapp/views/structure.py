"""Departments and positions."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp import queries
from kpiapp.forms import DepartmentForm, PositionForm
from kpiapp.models import Department, Position
from kpiapp.permissions import Permission, can, requires
from kpiapp.services import structure
from kpiapp.services.refusals import Refused
from kpiapp.views.pages import form_page


@require_safe
@requires(Permission.PEOPLE_READ)
def departments(request):
    """The tree of departments, with heads and how many people stand where."""
    context = {
        "tree": queries.department_tree(request.today),
        "closed": Department.objects.filter(is_active=False).order_by("sort_key"),
        "may_edit": can(request.member, Permission.PEOPLE_EDIT),
    }
    return render(request, "kpiapp/departments.html", context)


@requires(Permission.PEOPLE_EDIT)
def department_new(request):
    """Add a department."""
    form = DepartmentForm(request.POST or None, initial={"parent": request.GET.get("parent")})
    if request.method == "POST" and form.run(structure.save_department, by=request.member):
        return redirect("kpiapp:departments", request.organization.slug)
    return form_page(request, form, title=_("Add a department"), submit=_("Add"), back="departments")


@requires(Permission.PEOPLE_EDIT)
def department_edit(request, pk):
    """Rename a department, move it in the tree, give it another head."""
    department = get_object_or_404(Department, pk=pk)
    initial = {
        "code": department.code,
        "name": department.name,
        "parent": department.parent_id,
        "head": department.head if department.head and department.head.is_active else None,
    }
    form = DepartmentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(structure.save_department, department=department, by=request.member):
        return redirect("kpiapp:departments", request.organization.slug)
    return form_page(request, form, title=department.name, submit=_("Save"), back="departments")


@require_POST
@requires(Permission.PEOPLE_EDIT)
def department_close(request, pk):
    """Take a department out of use."""
    department = get_object_or_404(Department, pk=pk, is_active=True)
    try:
        structure.close_department(department=department, on=request.today, by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("kpiapp:departments", request.organization.slug)


@require_POST
@requires(Permission.PEOPLE_EDIT)
def department_reopen(request, pk):
    """Put it into use again."""
    structure.reopen_department(department=get_object_or_404(Department, pk=pk, is_active=False), by=request.member)
    return redirect("kpiapp:departments", request.organization.slug)


@require_safe
@requires(Permission.PEOPLE_READ)
def positions(request):
    """The jobs there are, and how many people hold each."""
    context = {
        "positions": queries.positions_with_people(request.today),
        "may_edit": can(request.member, Permission.PEOPLE_EDIT),
    }
    return render(request, "kpiapp/positions.html", context)


@requires(Permission.PEOPLE_EDIT)
def position_new(request):
    """Add a position."""
    form = PositionForm(request.POST or None)
    if request.method == "POST" and form.run(structure.save_position, by=request.member):
        return redirect("kpiapp:positions", request.organization.slug)
    return form_page(request, form, title=_("Add a position"), submit=_("Add"), back="positions")


@requires(Permission.PEOPLE_EDIT)
def position_edit(request, pk):
    """Rename a position."""
    position = get_object_or_404(Position, pk=pk)
    form = PositionForm(request.POST or None, initial={"code": position.code, "name": position.name})
    if request.method == "POST" and form.run(structure.save_position, position=position, by=request.member):
        return redirect("kpiapp:positions", request.organization.slug)
    return form_page(request, form, title=position.name, submit=_("Save"), back="positions")
