"""Whose something is: of the organization, a department or a person, and never of two."""

from django.db import models
from django.db.models import Q

from scorecards.choices import OwnerKind


def one_owner(name: str) -> models.CheckConstraint:
    """The constraint of a table with owner_kind, department and member."""
    return models.CheckConstraint(
        condition=Q(owner_kind=OwnerKind.ORGANIZATION, department=None, member=None)
        | Q(owner_kind=OwnerKind.DEPARTMENT, department__isnull=False, member=None)
        | Q(owner_kind=OwnerKind.MEMBER, department=None, member__isnull=False),
        name=name,
    )
