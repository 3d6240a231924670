"""System checks that keep the house's promises about tenant models."""

from django.apps import apps
from django.core.checks import Error, register

from kpiapp.tenancy import OrganizationManager, OrganizationModel


@register()
def check_tenant_models(app_configs, **kwargs):
    """Every model with an organization is a tenant model, and its default manager is the scoped one."""
    errors = []
    for model in apps.get_models():
        has_organization = any(field.name == "organization" for field in model._meta.fields)
        if has_organization and not issubclass(model, OrganizationModel):
            errors.append(Error("A model with an organization extends OrganizationModel.", obj=model, id="kpiapp.E001"))
        elif has_organization and not isinstance(model._default_manager, OrganizationManager):
            errors.append(Error("The default manager of a tenant model is scoped.", obj=model, id="kpiapp.E002"))
    return errors
