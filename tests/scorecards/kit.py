"""KPIs and cards for tests: the shortest way to a card with lines."""

from decimal import Decimal

from kpiapp.choices import PeriodKind
from scorecards import recompute
from scorecards.models import Scorecard, ScorecardLine
from scorecards.services import scorecards
from strategy.choices import Aggregation, Direction, ScoringMethod
from strategy.models import KpiDefinition, KpiVersion
from tests.cast import STORY_DAY


def D(value) -> Decimal:
    return Decimal(str(value))


def make_kpi(code: str, name: str = "", **fields) -> KpiVersion:
    """A KPI with one version; ratio over a sum unless told."""
    fields.setdefault("method", ScoringMethod.RATIO)
    if fields.get("aggregation") == Aggregation.RATIO:
        fields.setdefault("numerator_agg", "sum")
        fields.setdefault("denominator_agg", "sum")
    if fields["method"] in (ScoringMethod.MIRROR, ScoringMethod.DEDUCT, ScoringMethod.INVERSE):
        fields.setdefault("direction", Direction.DECREASE)
    if fields["method"] in (ScoringMethod.DEVIATION, ScoringMethod.BAND):
        fields.setdefault("direction", Direction.RANGE)
    definition = KpiDefinition.objects.create(code=code, name=name or code)
    version = KpiVersion.objects.create(
        definition=definition, number=1, name=name or code, frequency=PeriodKind.MONTH, **fields
    )
    definition.current = version
    definition.save()
    return version


def make_card(cast, owner, *lines, period=None, agreed_by=None) -> Scorecard:
    """A card with lines, each (kpi, weight, target[, baseline]); agreed when someone agrees it."""
    period = period or cast.period
    if lines:
        card = assign(cast, [owner], *lines, periods=[period]).cards[0]
    else:
        card = scorecards.get_or_create_card(owner=owner, period=period, by=cast.acting(cast.strategy))
    if agreed_by is not None:
        card = scorecards.agree_card(card=card, by=cast.acting(agreed_by))
    return Scorecard.objects.get(pk=card.pk)


def assign(cast, owners, *items, by=None, periods=None):
    """Put items, each (kpi, weight[, target[, baseline]]), on the cards of owners; what the service says of it."""
    drafts = [
        scorecards.Draft(owner, period, item[0], D(item[1]), *(_maybe(n) for n in item[2:]))
        for owner in owners
        for period in periods or [cast.period]
        for item in items
    ]
    return scorecards.put_lines(drafts=drafts, by=cast.acting(by or cast.strategy), today=STORY_DAY)


def _maybe(number):
    return None if number is None else D(number)


def line_of(card, kpi) -> ScorecardLine:
    """The line of a KPI on a card, fresh from the database."""
    return ScorecardLine.objects.select_related("scorecard__period", "kpi", "score").get(
        scorecard=card, kpi__definition=kpi.definition_id
    )


def rescore(card, on=STORY_DAY) -> None:
    """Aggregate and score a card."""
    recompute.refresh_actuals(line_ids=list(card.lines.values_list("pk", flat=True)))
    recompute.rescore_cards(card_ids=[card.pk], on=on)
