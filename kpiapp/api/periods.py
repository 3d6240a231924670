"""Periods over the API: which there are and whether they take entries."""

from rest_framework import generics, serializers

from kpiapp.models import Period
from kpiapp.permissions import Permission


class PeriodSerializer(serializers.Serializer):
    """A period: its days, both included, and its state."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    kind = serializers.CharField()
    starts_on = serializers.DateField()
    last_day = serializers.DateField()
    state = serializers.CharField()


class PeriodList(generics.ListAPIView):
    """All periods, by id."""

    permissions = {"GET": Permission.KPI_READ}
    serializer_class = PeriodSerializer

    def get_queryset(self):
        """Of the organization in scope."""
        return Period.objects.all()
