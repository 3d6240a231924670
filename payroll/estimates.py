"""What a month would bring a person if it ended now, by the path that pays it."""

from kpiapp.choices import PeriodKind
from payroll import queries, recompute, seal
from payroll.models import PayLine, PayRun
from scorecards.models import Scorecard


def estimate_of(card: Scorecard) -> PayLine | None:
    """The line that a pay run would write now for the person of a monthly card; it is never stored.

    None where no run could: without a tier table in force, and for who is not employed in the month.
    """
    table = queries.tier_table_on(card.period.last_day)
    if table is None or card.period.kind != PeriodKind.MONTH:
        return None
    tiers, currency = queries.scoring_tiers(table), card.organization.currency
    people = recompute.gather(card.period, member_id=card.member_id)
    paid = next(recompute.pay_lines(people, tiers, currency), None)
    if paid is None:
        return None
    result, inputs = paid.result, {"tiers": seal.pack_tiers(tiers), "currency": currency}
    return PayLine(
        organization=card.organization,
        run=PayRun(period=card.period, tier_table=table, inputs=inputs),
        position_name=paid.person.position_name,
        p3_target_amount=result.p3_target_amount,
        score_percent=result.score_percent,
        tier_code=result.tier.name if result.tier else "",
        tier_coefficient=result.tier.coefficient if result.tier else None,
        p3_amount=result.p3_amount,
        inputs=paid.inputs,
    )
