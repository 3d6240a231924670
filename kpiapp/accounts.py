"""How django-allauth meets this product: sign-up creates an organization with its owner."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm as BaseSignupForm
from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kpiapp import registry
from kpiapp.choices import Language
from kpiapp.forms import PASSWORD_HELP
from kpiapp.services.organizations import create_organization


class AccountAdapter(DefaultAccountAdapter):
    """Everything as allauth does it."""


class SignupForm(BaseSignupForm):
    """What is asked beside e-mail and password when somebody signs up; the company begins in their language."""

    organization_name = forms.CharField(label=_("Company name"), max_length=200)
    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    with_sample_data = forms.BooleanField(
        label=_("Start with sample data"),
        help_text=_("A small company to try things on. You can begin your own at any time."),
        required=False,
        initial=True,
    )

    field_order = ["organization_name", "name", "email", "password1", "with_sample_data"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["password1"].help_text = PASSWORD_HELP
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        if not registry.SAMPLE_DATA:
            del self.fields["with_sample_data"]

    @transaction.atomic
    def save(self, request):
        """User and company come into being together, or not at all."""
        user = super().save(request)
        language = get_language()
        user.name = self.cleaned_data["name"]
        user.language = language if language in Language.values else Language.VIETNAMESE
        user.save(update_fields=["name", "language"])
        create_organization(
            name=self.cleaned_data["organization_name"],
            owner=user,
            owner_name=user.name,
            on=timezone.localdate(),
            language=user.language,
            with_sample_data=self.cleaned_data.get("with_sample_data", False),
        )
        return user
