"""Why a line cannot be scored, in words that say what to do."""

from django.utils.translation import gettext as _


def reason_text(reason: str) -> str:
    """The sentence for a reason of the scoring kernel (the part after "not_scorable:")."""
    texts = {
        "no_target": _("No target is set, so it cannot be scored."),
        "no_baseline": _("No baseline is set, so it cannot be scored."),
        "zero_target": _("The target is zero, which this method cannot score."),
        "zero_denominator": _("The denominator is zero, so there is nothing to divide by."),
        "zero_actual": _("A value of zero cannot be scored without a cap."),
        "negative_actual": _("A negative value cannot be scored by this method."),
        "negative_target": _("A negative target cannot be scored by this method."),
        "not_whole_number": _("Events are counted in whole numbers."),
        "baseline_equals_target": _("Baseline and target are equal, so there is no way to go."),
    }
    return texts.get(reason) or _("The scoring rule of this KPI has a fault: ask its owner to check it.")
