"""REST API of plans: read what holds for a year, push targets of months, safely again and again."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from kpiapp.choices import RowOutcome
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR
from kpiapp.permissions import Permission
from kpiapp.queries import visible_members
from strategy import plans
from strategy.choices import TargetShape
from strategy.services.plan_rows import PlanReader, PlanRow, rows_of
from strategy.services.plans import PlanRefused
from strategy.visibility import visible_kpis

MOST_ROWS = 200


class PlanSerializer(serializers.Serializer):
    """A plan: the year's target and its twelve months in the order of the fiscal year; numbers are text.

    A month that is null follows from the year's target in the shape; a missing target follows from the months.
    """

    kpi = serializers.CharField(max_length=40)
    employee = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    year = serializers.IntegerField(min_value=2000, max_value=2100)
    target = serializers.DecimalField(max_digits=24, decimal_places=6, required=False, allow_null=True, default=None)
    shape = serializers.ChoiceField(TargetShape.choices, required=False, allow_blank=True, default="")
    months = serializers.ListField(
        child=serializers.DecimalField(max_digits=24, decimal_places=6, allow_null=True),
        min_length=MONTHS_OF_A_YEAR,
        max_length=MONTHS_OF_A_YEAR,
        required=False,
        default=list,
    )


class Plans(APIView):
    """Plans of a fiscal year: `?year=2026`, the running one unless told; POST a list to keep them."""

    permissions = {"GET": Permission.KPI_READ, "POST": Permission.KPI_PLAN}

    def get(self, request):
        """What holds, for everybody and for people within reach; KPIs one may not know of are left out."""
        member, on, years = request.auth, request._request.today, self._years(request)
        typed = request.query_params.get("year", str(years[0].year))
        year = next((first for first in years if str(first.year) == typed), None)
        if year is None:
            raise ValidationError({"year": [_("There are no plans of that year here.")]})
        known = visible_kpis(member, on).filter(is_active=True).values_list("pk", flat=True)
        reach = set(visible_members(member, Permission.CARD_READ, on).values_list("pk", flat=True))
        kept = [plan for plan in plans.newest_plans(known, [year]) if not plan.member_id or plan.member_id in reach]
        return Response([_told(row) for row in rows_of(kept)])

    def post(self, request):
        """Keep the good rows as new versions; 200 when all were, 207 with a sentence for each that was not."""
        rows = request.data if isinstance(request.data, list) else None
        if rows is None or not 0 < len(rows) <= MOST_ROWS:
            raise ValidationError({"detail": _("Send a list of 1 to %(most)d plans.") % {"most": MOST_ROWS}})
        answers: list[dict] = [{} for _row in rows]
        valid: dict[int, PlanRow] = {}
        for index, row in enumerate(rows):
            serializer = PlanSerializer(data=row)
            if serializer.is_valid():
                valid[index] = _row_of(serializer.validated_data)
            else:
                answers[index] = {"row": index, "state": "error", "errors": serializer.errors}
        self._keep(request, valid, answers)
        failed = sum(answer["state"] == "error" for answer in answers)
        body = {"kept": len(rows) - failed, "failed": failed, "rows": answers}
        return Response(body, status=status.HTTP_207_MULTI_STATUS if failed else status.HTTP_200_OK)

    def _keep(self, request, valid: Mapping[int, PlanRow], answers: list[dict]) -> None:
        organization, on = request._request.organization, request._request.today
        reader = PlanReader(list(valid.values()), organization=organization, by=request.auth, on=on)
        for index, row in valid.items():
            try:
                planned = reader.read(row)
                kept = planned.keep(by=request.auth)
            except PlanRefused as refused:
                answers[index] = {"row": index, "state": "error", "errors": {"detail": [str(refused)]}}
                continue
            state = "repeated" if planned.outcome == RowOutcome.SAME else "kept"
            answers[index] = {"row": index, "state": state, "version": kept.number}

    def _years(self, request):
        start_month = request._request.organization.fiscal_year_start_month
        return plans.plannable_years(request._request.today, start_month)


def _row_of(data: dict) -> PlanRow:
    months = {place: target for place, target in enumerate(data["months"]) if target is not None}
    return PlanRow(data["kpi"], data["year"], data["employee"], data["target"], data["shape"], months)


def _told(row: PlanRow) -> dict:
    months = [row.months.get(place) for place in range(MONTHS_OF_A_YEAR)]
    told = {"kpi": row.kpi, "employee": row.person, "year": row.year, "target": row.total, "shape": row.shape}
    return PlanSerializer({**told, "months": months}).data
