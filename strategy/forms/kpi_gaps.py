"""What keeps a draft back and somebody only has to say: one field for each open letter, all of them in one go."""

import copy
from collections.abc import Sequence

from kpiapp.forms import OrganizationForm
from strategy.choices import Direction
from strategy.forms.kpis import KpiForm
from strategy.models import KpiVersion
from strategy.smarter.letters import Finding

# The fields that answer a finding; without an entry there is nothing to fill in, and the whole form mends it.
ASKED_BY = {
    "two_measures": ("name",),
    "no_owner": ("owner",),
    "no_source": ("source",),
    "no_target": ("baseline", "target"),
    "nothing_to_compare": ("baseline",),
    "easy": ("target",),
    "hard": ("target",),
    "easy_baseline": ("baseline", "target"),
    "hard_baseline": ("baseline", "target"),
    "no_objective": ("objective",),
    "objective_not_published": ("objective",),
    "no_due": ("due_on",),
    "due_over": ("due_on",),
    "no_reevaluation": ("reevaluate_on",),
    "reevaluation_over": ("reevaluate_on",),
}
# Nothing is compared with a baseline there.
WITHOUT_BASELINE = frozenset({Direction.RANGE, Direction.PASS})


class KpiGapsForm(OrganizationForm):
    """The fields of a KPI that open letters ask for, as they stand in the version."""

    def __init__(self, data=None, *, version: KpiVersion, findings: Sequence[Finding], objectives):
        open_codes = [finding.code for finding in findings if finding.keeps_back]
        names = dict.fromkeys(name for code in open_codes for name in ASKED_BY.get(code, ()))
        if "objective" in names and not objectives.exists():
            del names["objective"]  # There is nothing to choose: the strategy office decides.
        super().__init__(data, initial={name: getattr(version, name) for name in names})
        for name in names:
            field = copy.deepcopy(KpiForm.base_fields[name])
            # A draft has no results: only a baseline tells how hard its target is.
            field.required = name != "baseline" or version.direction not in WITHOUT_BASELINE
            self.fields[name] = field
            if self.initial[name] is not None and name in ("target", "baseline"):
                self.initial[name] = self.initial[name].normalize()
        if "objective" in names:
            self.fields["objective"].queryset = objectives
