"""How django-allauth meets this product: sign-up creates an organization with its owner."""

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.utils.translation import gettext_lazy as _


class AccountAdapter(DefaultAccountAdapter):
    """Everything as allauth does it."""


class SignupForm(forms.Form):
    """What is asked beside e-mail and password when somebody signs up."""

    organization_name = forms.CharField(label=_("Company name"), max_length=200)
    name = forms.CharField(label=_("Your name"), max_length=200)
    with_sample_data = forms.BooleanField(label=_("Start with sample data"), required=False)

    def signup(self, request, user):
        """Called by allauth once the user exists."""
