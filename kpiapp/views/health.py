"""Liveness: the process answers and reaches its database."""

from django.db import connection
from django.http import JsonResponse


def healthz(request):
    """200 when the database answers; says nothing about any organization."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
