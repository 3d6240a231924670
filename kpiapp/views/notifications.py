"""What one is told: the inbox, and marking it as read."""

from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kpiapp import inbox
from kpiapp.models import Mail, Notification, NotificationPreference
from kpiapp.notification_form import NotificationSettingsForm
from kpiapp.permissions import open_to_members
from kpiapp.services import notifications as service

PAGE_SIZE = 30
MAILS_SHOWN = 5


def _own(request):
    return Notification.objects.filter(member=request.member.pk).select_related("actor")


def _day(item: inbox.Item):
    return timezone.localdate(item.notification.told_at)


@require_safe
@open_to_members
def notifications(request):
    """One's own notifications, the newest first, day by day; unread ones only when asked for."""
    rows = _own(request)
    only_unread = request.GET.get("show") == "unread"
    page = Paginator(rows.filter(read_at=None) if only_unread else rows, PAGE_SIZE).get_page(request.GET.get("page"))
    found = inbox.items_of(list(page), request.member, request.today)
    context = {
        "page": page,
        "days": [(day, list(items)) for day, items in groupby(found, key=_day)],
        "only_unread": only_unread,
    }
    return render(request, "kpiapp/notifications.html", context)


@require_POST
@open_to_members
def notification_open(request, pk):
    """Mark one as read and go to its place."""
    row = get_object_or_404(_own(request), pk=pk)
    service.mark_read(notifications=_own(request).filter(pk=row.pk))
    item = inbox.items_of([row], request.member, request.today)[0]
    if item.told.url and url_has_allowed_host_and_scheme(item.told.url, {request.get_host()}):
        return redirect(item.told.url)
    return redirect("kpiapp:notifications", request.organization.slug)


@require_http_methods(["GET", "POST"])
@open_to_members
def notification_settings(request):
    """How one wants to hear of things: when one's mail comes, and of what."""
    preference = NotificationPreference.objects.filter(member=request.member.pk).first()
    form = NotificationSettingsForm(request.POST or None, preference=preference)
    if request.method == "POST" and form.run(service.set_preference, member=request.member):
        messages.success(request, _("Saved."))
        return redirect("kpiapp:notification_settings", request.organization.slug)
    mails = Mail.objects.filter(member=request.member.pk)[:MAILS_SHOWN]
    context = {"form": form, "mails": mails}
    return render(request, "kpiapp/notification_settings.html", context, status=422 if form.errors else 200)


@require_POST
@open_to_members
def notifications_read(request):
    """Mark everything as read."""
    service.mark_read(notifications=_own(request))
    return redirect("kpiapp:notifications", request.organization.slug)
