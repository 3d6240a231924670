"""The page behind an invitation's link: whoever holds it becomes the login of a person in the company."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kpiapp.forms import PasswordForm
from kpiapp.models import Organization, User
from kpiapp.services import invitations
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@sensitive_post_parameters("password")
def accept_invitation(request, company, token):
    """A known address signs in first and then says yes; a new one chooses a password."""
    organization = get_object_or_404(Organization, slug=company, is_active=True)
    with organization_scope(organization):
        invitation = invitations.find_invitation(token)
        if invitation is None:
            return render(request, "kpiapp/invitation_gone.html", {"company": organization}, status=404)
        if not request.user.is_authenticated:
            translation.activate(organization.language)
        known = User.objects.filter(email=invitation.email).first()
        if known and request.user != known:
            return _ask_to_sign_in(request, organization, invitation)
        if not known and request.user.is_authenticated:
            return _ask_to_sign_in(request, organization, invitation)
        return _answer(request, organization, invitation, known)


def _ask_to_sign_in(request, organization, invitation):
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    context = {"company": organization, "invitation": invitation}
    return render(request, "kpiapp/invitation_other_user.html", context, status=409)


def _answer(request, organization, invitation, known):
    form = None if known else PasswordForm(request.POST or None)
    if request.method == "POST" and (known or form.is_valid()):
        password = "" if known else form.cleaned_data["password"]
        try:
            user = invitations.accept_invitation(
                invitation=invitation, organization=organization, user=known, password=password
            )
        except Refused as refusal:
            raise Http404(str(refusal)) from refusal
        if not known:
            login(request, user, backend=BACKEND)
        messages.success(request, _("Welcome to %(company)s.") % {"company": organization.name})
        return redirect("kpiapp:home", organization.slug)
    context = {"company": organization, "invitation": invitation, "form": form}
    return render(request, "kpiapp/invitation.html", context, status=422 if form and form.errors else 200)
