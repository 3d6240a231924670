"""What findings of the quality audit say: what is wrong, and in one sentence why it matters."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from strategy.quality.rules import Finding
from strategy.smarter import night_checks

SEVERITIES = {"high": gettext_lazy("Important"), "medium": gettext_lazy("Worth mending"), "low": gettext_lazy("Advice")}


def what_of(code: str, numbers: dict[str, str]) -> str:
    """What is wrong, with its numbers; of a KPI that time has overtaken, what its letter says."""
    if code in night_checks.WHAT:
        return night_checks.sentence_of(numbers)
    sentences = {
        "empty": _("The card has no KPI."),
        "weights": _("Weights add up to %(total)s, not 100."),
        "no_target": _("KPIs without a target: %(count)s."),
        "few_kpis": _("Only %(count)s KPIs; %(least)s are usual at least."),
        "many_kpis": _("%(count)s KPIs; %(most)s are usual at most."),
        "weight_limits": _("Weights outside %(least)s to %(most)s: %(count)s."),
        "no_source": _("KPIs without a source of their numbers: %(count)s."),
        "no_objective": _("KPIs that serve no objective: %(count)s."),
        "no_owner": _("KPIs without an owner: %(count)s."),
        "perspectives": _("KPIs from %(count)s perspectives only; %(least)s give a balanced picture."),
        "process": _("%(count)s of %(all)s KPIs are about processes."),
        "group_a": _("%(count)s of %(all)s KPIs are in group A."),
        "leading": _("Only %(count)s of %(all)s KPIs are leading."),
        "empty_map": _("The map has no objective."),
        "empty_lane": _("Perspectives without an objective: %(count)s."),
        "no_measure": _("Objectives without a measure: %(count)s."),
        "no_aim_owner": _("Objectives without an owner: %(count)s."),
        "isolated": _("Objectives without a link: %(count)s."),
        "many_objectives": _("%(count)s objectives; %(most)s are usual at most."),
        "no_card": _("The department has no card of its own."),
        "unused": _("The KPI is on nobody's card."),
    }
    return sentences[code] % numbers


def why_of(code: str) -> str:
    """Why it matters, in one sentence."""
    return {
        "empty": _("Without a KPI nothing is agreed and nothing can be scored."),
        "weights": _("Only weights of 100 in all can be agreed and paid by."),
        "no_target": _("Without a target nobody knows when it is reached, and it cannot be scored."),
        "few_kpis": _("With few KPIs one bad month decides everything, and the rest of the work is unseen."),
        "many_kpis": _("Nobody steers by so many numbers at once: the important ones drown."),
        "weight_limits": _("Too light a KPI moves nobody, too heavy a one is the whole card."),
        "no_source": _("A number whose source nobody named is believed by nobody."),
        "no_objective": _("Effort that serves no objective leads nowhere the company wants to go."),
        "no_owner": _("What nobody owns, nobody moves."),
        "perspectives": _("One side of the work is bought with another that nobody looks at."),
        "process": _("Busy is not the same as successful: some KPIs have to measure what the work leads to."),
        "group_a": _("If everything comes first, nothing does."),
        "leading": _("Lagging numbers tell only what can no longer be changed; leading ones tell in time."),
        "empty_map": _("A map without objectives leads nobody."),
        "empty_lane": _("The chain from learning to profit is broken where a perspective is empty."),
        "no_measure": _("Without a measure nobody will know whether it was reached."),
        "no_aim_owner": _("What nobody owns, nobody moves."),
        "isolated": _("An objective that drives nothing and is driven by nothing is not part of the strategy."),
        "many_objectives": _("A map that does not fit into one look is not remembered."),
        "no_card": _("Its people's cards hang on nothing, and nobody answers for the whole."),
        "unused": _("It is defined and kept, and measures nothing."),
        "due_over": _("Past its day a target steers nobody: set a new one, or take the KPI out of use."),
        "reevaluation_over": _("What nobody judges anew is measured long after it has stopped to matter."),
        "review_late": _("A KPI that nobody looks at is filled in and not steered by."),
        "target_easy": _("A target that is reached anyway asks for nothing, and pays for nothing."),
        "target_hard": _("A target nobody believes in is given up before the period begins."),
    }[code]


def words_of(finding: Finding) -> tuple[str, str]:
    """What a finding says, and why it matters."""
    return what_of(finding.code, finding.numbers), why_of(finding.code)
