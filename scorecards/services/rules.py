"""Setting what a company asks of its cards, and what follows from its settings for them."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodState
from kpiapp.decimals import HUNDRED
from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from scorecards.models import CardRules, ScorecardLine, StaleCard, card_rules

FIELDS = ("weights", "limits", "weight_least", "weight_most", "kpis_least", "kpis_most")


@transaction.atomic
def set_card_rules(*, by: Member, **values) -> CardRules:
    """Change the rules; cards that are agreed keep what they were agreed with. Raises Refused for what contradicts."""
    rules = CardRules.objects.select_for_update().first() or card_rules()
    before = {name: getattr(rules, name) for name in FIELDS}
    for name in FIELDS:
        setattr(rules, name, values.get(name, before[name]))
    if rules.weight_most > HUNDRED:
        raise Refused(_("A weight is at most 100."), field="weight_most")
    if rules.weight_least > rules.weight_most:
        raise Refused(_("The least weight must not be above the greatest."), field="weight_least")
    if rules.kpis_least > rules.kpis_most:
        raise Refused(_("The fewest KPIs must not be more than the most."), field="kpis_least")
    if rules.weight_least * rules.kpis_least > HUNDRED:
        raise Refused(
            _("%(count)s KPIs of at least %(least)s make more than 100. Lower one of the two.")
            % {"count": rules.kpis_least, "least": f"{rules.weight_least.normalize():f}"},
            field="weight_least",
        )
    if rules.weight_most * rules.kpis_most < HUNDRED:
        raise Refused(
            _("%(count)s KPIs of at most %(most)s never make 100. Raise one of the two.")
            % {"count": rules.kpis_most, "most": f"{rules.weight_most.normalize():f}"},
            field="weight_most",
        )
    after = {name: getattr(rules, name) for name in FIELDS}
    if before != after:
        rules.save()
        audit.record_changes(action="card_rules.edit", target=rules, by=by, before=before, after=after)
    return rules


def follow_settings(changed: Collection[str]) -> None:
    """When targets of zero come to count otherwise, leave cards of open periods that have any for the next night."""
    if "zero_target_full_if_met" not in changed:
        return
    lines = ScorecardLine.objects.filter(Q(target=0) | Q(segments__target=0))
    cards = lines.filter(scorecard__period__state=PeriodState.OPEN).order_by("scorecard").distinct("scorecard")
    marks = [StaleCard(scorecard_id=pk) for pk in cards.values_list("scorecard", flat=True)]
    StaleCard.objects.bulk_create(marks, ignore_conflicts=True)
