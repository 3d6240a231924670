"""The facts of a map for the quality audit, read in a fixed number of queries."""

from collections import Counter, defaultdict

from strategy.choices import KpiState
from strategy.models import CauseLink, KpiDefinition, Objective, Perspective, StrategyMap
from strategy.quality.rules import KpiFacts, MapFacts, ObjectiveFacts


def map_facts(chart: StrategyMap) -> MapFacts:
    """A map as the rules look at it: a draft's objectives are measured by the KPIs of those they stand for."""
    aims = list(Objective.objects.standing().filter(map=chart))
    ends = CauseLink.objects.standing().filter(map=chart).values_list("source_id", "target_id")
    links: Counter[int] = Counter(end for pair in ends for end in pair)
    measured = {aim.stands_for_id or aim.pk: aim.pk for aim in aims}
    kpis: dict[int, list[KpiFacts]] = defaultdict(list)
    used = KpiDefinition.objects.filter(is_active=True, state=KpiState.ACTIVE, current__objective__in=list(measured))
    for key, objective_id, indicator in used.values_list("pk", "current__objective", "current__indicator"):
        kpis[measured[objective_id]].append(KpiFacts(key, indicator=indicator))
    lanes = [lane.pk for lane in Perspective.objects.all() if lane.is_active]
    return MapFacts(
        lanes,
        [
            ObjectiveFacts(
                aim.pk, aim.perspective_id, has_owner=aim.owner_id is not None, kpis=kpis[aim.pk], links=links[aim.pk]
            )
            for aim in aims
        ],
    )
