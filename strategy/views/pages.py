"""What several pages of strategy do in the same way."""

from django.shortcuts import render
from django.urls import reverse


def form_page(request, form, *, title: str, submit: str, back: str, pk=None, lead: str = "", danger: bool = False):
    """A page with one form; `back` names the route of "Cancel". Wrong input comes back with 422, as it was typed."""
    arguments = [request.organization.slug] if pk is None else [request.organization.slug, pk]
    context = {
        "form": form,
        "title": title,
        "lead": lead,
        "submit": submit,
        "back_url": reverse(f"strategy:{back}", args=arguments),
        "danger": danger,
    }
    return render(request, "kpiapp/form_page.html", context, status=422 if form.errors else 200)
