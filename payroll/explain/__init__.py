"""Why pay is what it is, in words: a line of a run, what one's own month would bring, a tier, the totals of a run."""

from payroll.explain.lines import explain_estimate, explain_line
from payroll.explain.runs import explain_run
from payroll.explain.tiers import explain_tier

__all__ = ["explain_estimate", "explain_line", "explain_run", "explain_tier"]
