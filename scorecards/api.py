"""REST API of scorecards: read cards, lines and scores of a period; push actuals, safely again and again."""

from django.utils.translation import gettext as _
from rest_framework import generics, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from kpiapp.permissions import Permission
from scorecards import queries
from scorecards.choices import ActualSource
from scorecards.models import CardScore, LineScore, LineSegment, Scorecard, ScorecardLine
from scorecards.services import actuals
from scorecards.services.actuals import NewEntry, Outcome

MOST_ROWS = 1000
READ = {"GET": Permission.CARD_READ}


class CardSerializer(serializers.ModelSerializer):
    """A card with its owner."""

    period = serializers.CharField(source="period.code")
    member_code = serializers.CharField(source="member.code", default=None)
    department_code = serializers.CharField(source="department.code", default=None)

    class Meta:
        model = Scorecard
        fields = ["id", "period", "owner_kind", "owner_name", "member_code", "department_code", "state"]


class SegmentSerializer(serializers.ModelSerializer):
    """What holds for a line from a day to the next segment or the end of its period."""

    class Meta:
        model = LineSegment
        fields = ["starts_on", "weight", "baseline", "target"]


class LineSerializer(serializers.ModelSerializer):
    """A KPI on a card; numbers are exact decimals as text.

    Of a line that changed inside its period `segments` say what held from which day on, the last one today; its own
    weight is then their mean by working days. Other lines have none.
    """

    segments = SegmentSerializer(many=True)

    period = serializers.CharField(source="scorecard.period.code")
    member_code = serializers.CharField(source="scorecard.member.code", default=None)
    kpi_code = serializers.CharField(source="kpi.definition.code")
    kpi_name = serializers.CharField(source="kpi.name")
    unit = serializers.CharField(source="kpi.unit")
    aggregation = serializers.CharField(source="kpi.aggregation")

    class Meta:
        model = ScorecardLine
        fields = [
            "id",
            "scorecard_id",
            "period",
            "member_code",
            "kpi_code",
            "kpi_name",
            "unit",
            "aggregation",
            "weight",
            "baseline",
            "target",
            "segments",
        ]


class LineScoreSerializer(serializers.ModelSerializer):
    """How a line stands; the actual is factor × quantity ÷ divisor, completion 1 = whole."""

    class Meta:
        model = LineScore
        fields = ["line_id", "quantity", "divisor", "entries", "last_on", "state", "reason", "completion", "status"]


class ScoreSerializer(serializers.ModelSerializer):
    """How a card stands, with its lines."""

    lines = LineScoreSerializer(many=True, source="line_scores")

    class Meta:
        model = CardScore
        fields = ["scorecard_id", "percent", "measured_weight", "lines_scored", "lines_total", "is_provisional"]
        fields += ["is_blocked", "status", "lines"]


class _OfPeriod(generics.ListAPIView):
    """Rows of a period a member may read; `?period=2026-11`, the running one unless told."""

    permissions = READ

    def period(self):
        """The period asked for; 400 when there is none by that code."""
        code = self.request.query_params.get("period", "")
        period = queries.period_on(self.request._request.today, code)
        if period is None:
            raise ValidationError({"period": [_("There is no such period. Write it like 2026-11 or 2026-Q4.")]})
        return period

    def cards(self):
        """Cards of the period within reach."""
        return queries.visible_cards(self.request.auth, self.request._request.today).filter(period=self.period())


class CardList(_OfPeriod):
    """Cards of a period."""

    serializer_class = CardSerializer

    def get_queryset(self):
        """With their owners, in one query."""
        return self.cards().select_related("period", "member", "department", "organization")


class LineList(_OfPeriod):
    """Lines of the cards of a period."""

    serializer_class = LineSerializer

    def get_queryset(self):
        """With card and KPI in one query, and segments in another."""
        lines = queries.open_lines(self.request.auth, self.request._request.today)
        lines = lines.filter(scorecard__in=self.cards().values("pk"))
        lines = lines.select_related("scorecard__period", "scorecard__member", "kpi__definition")
        return lines.prefetch_related("segments")


class ScoreList(_OfPeriod):
    """Scores of a period, with those of their lines."""

    serializer_class = ScoreSerializer

    def paginate_queryset(self, queryset):
        """A page of scores with their lines, in one more query."""
        page = super().paginate_queryset(queryset)
        lines: dict[int, list[LineScore]] = {score.pk: [] for score in page}
        open_lines = queries.open_lines(self.request.auth, self.request._request.today)
        of_page = LineScore.objects.filter(scorecard__in=lines, line__in=open_lines.values("pk"))
        for line in of_page.order_by("pk"):
            lines[line.scorecard_id].append(line)
        for score in page:
            score.line_scores = lines[score.pk]
        return page

    def get_queryset(self):
        """Of cards within reach."""
        return CardScore.objects.filter(scorecard__in=self.cards().values("pk"))

    @property
    def paginator(self):
        """Scores have the id of their card."""
        paginator = super().paginator
        paginator.ordering = ("scorecard_id",)
        return paginator


class EntrySerializer(serializers.Serializer):
    """One pushed actual: which line, by id or by employee, KPI and period; a value or the parts of a ratio."""

    line = serializers.IntegerField(required=False)
    employee = serializers.CharField(required=False, max_length=40)
    kpi = serializers.CharField(required=False, max_length=40)
    period = serializers.CharField(required=False, max_length=10)
    on = serializers.DateField()
    value = serializers.DecimalField(max_digits=24, decimal_places=6, required=False, allow_null=True)
    numerator = serializers.DecimalField(max_digits=24, decimal_places=6, required=False, allow_null=True)
    denominator = serializers.DecimalField(max_digits=24, decimal_places=6, required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
    external_key = serializers.CharField(max_length=100)

    def validate(self, attrs):
        """A line is named one way or the other."""
        if "line" not in attrs and not {"employee", "kpi", "period"} <= set(attrs):
            raise serializers.ValidationError(_("Name the line by its id, or by employee, kpi and period."))
        return attrs


class Actuals(APIView):
    """Push actuals: a list of entries, each with an external key that makes it safe to send again."""

    permissions = {"POST": Permission.ACTUAL_RECORD}

    def post(self, request):
        """Store the good rows; 200 when all were, 207 with an error in words for each that was not."""
        rows = request.data if isinstance(request.data, list) else None
        if rows is None or not 0 < len(rows) <= MOST_ROWS:
            raise ValidationError({"detail": _("Send a list of 1 to %(most)d entries.") % {"most": MOST_ROWS}})
        answers: list[dict] = [{} for _row in rows]
        valid = {}
        for index, row in enumerate(rows):
            serializer = EntrySerializer(data=row)
            if serializer.is_valid():
                valid[index] = serializer.validated_data
            else:
                answers[index] = {"row": index, "state": "error", "errors": serializer.errors}
        self._store(request, valid, answers)
        failed = sum(answer["state"] == "error" for answer in answers)
        body = {"stored": len(rows) - failed, "failed": failed, "rows": answers}
        return Response(body, status=status.HTTP_207_MULTI_STATUS if failed else status.HTTP_200_OK)

    def _store(self, request, valid: dict[int, dict], answers: list[dict]) -> None:
        lines = _lines_named(request, valid.values())
        entries, places = [], []
        for index, data in valid.items():
            line = lines.get(_name_of(data))
            if line is None:
                message = _("There is no such line, or you may not record for it.")
                answers[index] = {"row": index, "state": "error", "errors": {"line": [message]}}
                continue
            names = ("on", "value", "numerator", "denominator", "note", "external_key")
            entries.append(NewEntry(line, **{name: data[name] for name in names if data.get(name) is not None}))
            places.append(index)
        if not entries:
            return
        today = request._request.today
        outcomes = actuals.record_many(entries=entries, by=request.auth, today=today, source=ActualSource.API)
        for index, outcome in zip(places, outcomes, strict=True):
            answers[index] = _answer(index, outcome)


def _answer(index: int, outcome: Outcome) -> dict:
    if outcome.error:
        return {"row": index, "state": "error", "errors": {"detail": [outcome.error]}}
    return {"row": index, "state": "repeated" if outcome.repeated else "stored", "id": outcome.actual.pk}


def _name_of(data: dict) -> tuple:
    """How a row names its line: by id, or by codes."""
    return (data["line"],) if "line" in data else (data["employee"], data["kpi"], data["period"])


def _lines_named(request, rows) -> dict[tuple, ScorecardLine]:
    """Lines by what rows call them, among those the caller may record for; at most three queries."""
    rows = list(rows)
    reach = queries.editable_lines(request.auth, request._request.today)
    reach = reach.select_related("scorecard__period", "scorecard__member", "kpi__definition")
    found: dict[tuple, ScorecardLine] = {}
    ids = {row["line"] for row in rows if "line" in row}
    if ids:
        found |= {(line.pk,): line for line in reach.filter(pk__in=ids)}
    named = [row for row in rows if "line" not in row]
    if named:
        wanted = {row["period"] for row in named}
        periods = [period.pk for period in queries.all_periods() if period.code in wanted]
        by_code = reach.filter(
            scorecard__period__in=periods,
            scorecard__member__code__in={row["employee"] for row in named},
            kpi__definition__code__in={row["kpi"] for row in named},
        )
        for line in by_code:
            key = (line.scorecard.member.code, line.kpi.definition.code, line.scorecard.period.code)
            found[key] = line
    return found
