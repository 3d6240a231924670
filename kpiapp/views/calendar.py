"""The working calendar: a year to look at, days to click, the week, public holidays."""

import datetime
from decimal import Decimal

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp import public_holidays
from kpiapp.calendar_page import month_table, month_tables, next_share, weekday_names
from kpiapp.fiscal_years import add_months
from kpiapp.forms import CalendarDayForm, CalendarWeekForm
from kpiapp.models import CalendarDay, CalendarWeek, CompanyCalendar, calendar_columns, calendar_of
from kpiapp.models.calendar import working_calendar
from kpiapp.permissions import Permission, can, open_to_members, requires
from kpiapp.services import calendars as service
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in
from kpiapp.views.pages import settings_tabs

FIRST_YEAR, LAST_YEAR = 2000, 2100


@require_safe
@open_to_members
def calendar(request):
    """Twelve months of a year, where days off are coloured; a click changes a day."""
    return _page(request, _year(request.GET.get("year", ""), request.today))


@require_POST
@requires(Permission.CALENDAR_EDIT)
def calendar_day(request):
    """A day that was clicked, named, or typed into the form; htmx gets its month and the list."""
    on = parse_date(request.POST.get("on", "")[:10]) if _is_date(request.POST.get("on", "")) else None
    if on is None or not FIRST_YEAR <= on.year <= LAST_YEAR:
        messages.error(request, _("Choose a day."))
        return redirect("kpiapp:calendar", request.organization.slug)
    known = CalendarDay.objects.filter(on=on).first()
    if "name" in request.POST and "share" not in request.POST:
        share: Decimal | None = known.share if known else working_calendar().share(on)
        service.set_day(on=on, share=share, name=request.POST["name"], by=request.member)
    else:
        plain = working_calendar().plain_share(on)
        service.set_day(on=on, share=next_share(plain, known.share if known else None), by=request.member)
    if request.htmx:
        return _part(request, on)
    return _back(request, on.year)


@require_POST
@requires(Permission.CALENDAR_EDIT)
def calendar_add(request):
    """A day typed into the form: when, how much of it is worked, what it is called."""
    form = CalendarDayForm(request.POST)
    if form.run(service.set_day, by=request.member):
        messages.success(request, _("Saved."))
        return _back(request, form.cleaned_data["on"].year)
    return _page(request, _year(request.POST.get("year", ""), request.today), day_form=form, status=422)


@require_POST
@requires(Permission.CALENDAR_EDIT)
def calendar_week(request):
    """How much of each weekday is worked since a day, or (`drop`) an end to such a change."""
    year = _year(request.POST.get("year", ""), request.today)
    if "drop" in request.POST:
        return _week_dropped(request, year)
    form = CalendarWeekForm(request.POST)
    if form.run(service.set_week, by=request.member):
        messages.success(request, _("Saved."))
        return _back(request, year)
    return _page(request, year, week_form=form, status=422)


def _week_dropped(request, year: int):
    typed = request.POST["drop"][:10]
    try:
        if _is_date(typed):
            service.drop_week(starts_on=parse_date(typed), by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Taken back: the week before goes on."))
    return _back(request, year)


@require_POST
@requires(Permission.CALENDAR_EDIT)
def calendar_fill(request):
    """Public holidays, and the company's own days of the year before, into a year."""
    year = _year(request.POST.get("year", ""), request.today)
    country = request.POST.get("country", "")
    try:
        count = service.fill_year(
            year=year, country=country if country in public_holidays.COUNTRIES else "", by=request.member
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(count)s days added to %(year)s.") % {"count": count, "year": year})
    return _back(request, year)


def _is_date(text: str) -> bool:
    try:
        return parse_date(text[:10]) is not None
    except ValueError:
        return False


def _year(typed: str, today: datetime.date) -> int:
    year = id_in(typed) or 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else today.year


def _back(request, year: int):
    response = redirect("kpiapp:calendar", request.organization.slug)
    response["Location"] += f"?year={year}"
    return response


def _context(request, year: int) -> dict:
    kept = CompanyCalendar.objects.annotate(
        **calendar_columns(datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1))
    ).first()
    days = {day.on: day for day in CalendarDay.objects.filter(on__year=year).order_by("on")}
    calendar = calendar_of(kept) if kept else working_calendar()
    return {
        "kept": kept,
        "calendar": calendar,
        "days": days,
        "year": year,
        "total": calendar.working_days(datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)),
        "may_edit": can(request.member, Permission.CALENDAR_EDIT),
        "weekdays": weekday_names(),
    }


def _page(request, year: int, *, week_form=None, day_form=None, status: int = 200):
    context = _context(request, year)
    kept = context["kept"]
    country = kept.country if kept else ""
    next_month = add_months(request.today.replace(day=1), 1)
    holidays = public_holidays.holidays_in(country or public_holidays.VIETNAM, year)
    context |= {
        "months": month_tables(year, context["calendar"], context["days"], request.today),
        "tabs": settings_tabs(request, "calendar"),
        "country": country,
        "can_fill": any(holiday.on not in context["days"] for holiday in holidays),
        "has_expected": any(day.is_expected for day in context["days"].values()),
        "week_form": week_form or CalendarWeekForm.of(context["calendar"].week_on(next_month), next_month),
        "weeks": CalendarWeek.objects.all() if context["may_edit"] else [],
        "day_form": day_form or CalendarDayForm(initial={"share": "0"}),
    }
    return render(request, "kpiapp/calendar.html", context, status=status)


def _part(request, on: datetime.date):
    """The month of a day, and the list beside it."""
    context = _context(request, on.year)
    month = month_table(on.year, on.month, context["calendar"], context["days"], request.today)
    return render(request, "kpiapp/_calendar_changed.html", {**context, "month": month})
