"""People over the API: who is here and where they stand today. Never pay."""

from rest_framework import generics, serializers

from kpiapp import queries
from kpiapp.models import Member
from kpiapp.permissions import Permission


class PersonSerializer(serializers.Serializer):
    """A person and today's department, position and manager by their codes."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    email = serializers.EmailField()
    is_active = serializers.BooleanField()
    department = serializers.SerializerMethodField()
    position = serializers.SerializerMethodField()
    manager = serializers.SerializerMethodField()

    def get_department(self, member: Member) -> str | None:
        """Code of the department, or null for somebody who stands nowhere today."""
        return member.standing[0].department.code if member.standing else None

    def get_position(self, member: Member) -> str | None:
        """Code of the position."""
        return member.standing[0].position.code if member.standing else None

    def get_manager(self, member: Member) -> str | None:
        """Employee code of the manager."""
        manager = member.standing[0].manager if member.standing else None
        return manager.code if manager else None


class PersonList(generics.ListAPIView):
    """Everybody, by id."""

    permissions = {"GET": Permission.PEOPLE_READ}
    serializer_class = PersonSerializer

    def get_queryset(self):
        """With today's standing."""
        return queries.with_standing(Member.objects.all(), self.request._request.today)


class PersonDetail(generics.RetrieveAPIView):
    """One person."""

    permissions = {"GET": Permission.PEOPLE_READ}
    serializer_class = PersonSerializer

    def get_queryset(self):
        """With today's standing."""
        return queries.with_standing(Member.objects.all(), self.request._request.today)
