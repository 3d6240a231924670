"""Pictures the server draws: small SVGs that print, reach a PDF and need no script. Positions are exact decimals."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from kpiapp.decimals import HUNDRED, ONE, ZERO, divide, plain, quantize

register = template.Library()

BULLET_WIDTH, BULLET_TOP = Decimal(136), Decimal("1.25")
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = Decimal(72), Decimal(20), Decimal(2)
BAR_STEP, BAR_WIDTH, BAR_HEIGHT = Decimal(52), Decimal(36), Decimal(60)
# The half circle of the gauge, radius 40: its length is π × 40.
GAUGE_LENGTH = Decimal("125.66")
GAUGE_TOP = Decimal("1.2")


def _px(value: Decimal) -> str:
    return plain(quantize(value, 1))


def _within(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    return max(low, min(high, value))


def status_word(status: str) -> str:
    """The word that stands with a status colour."""
    return {
        "above": gettext("above target"),
        "on": gettext("on target"),
        "at_risk": gettext("at risk"),
        "off": gettext("off target"),
    }.get(status, gettext("no data"))


@register.simple_tag
def status(value: str | None, shown: bool = True) -> SafeString:
    """A status mark with its word, shown or only read out."""
    value = value or "none"
    return _mark(value, status_word(value), bool(shown))


@cache
def _mark(value: str, word: str, shown: bool) -> SafeString:
    """Drawn once: pages show hundreds of these few."""
    return render_to_string("charts/_status.html", {"status": value, "word": word, "shown": shown})


@register.inclusion_tag("charts/_bullet.html")
def bullet(completion: Decimal | None, status: str | None, pace: Decimal | None = None, label: str = ""):
    """Completion (1 = target) as a bar, the target as a tick, the pace expected by today (1 = target) as a mark."""
    unit = divide(BULLET_WIDTH, max(BULLET_TOP, _within(completion or ZERO, ZERO, Decimal(2))))
    done = _within(completion or ZERO, ZERO, Decimal(2)) * unit
    return {
        "status": status or "none",
        "width": _px(_within(done, ZERO, BULLET_WIDTH)),
        "target": _px(unit - ONE),
        "pace": None if pace is None else _px(_within(pace * unit, Decimal(3), BULLET_WIDTH - 3)),
        "percent": None if completion is None else completion * HUNDRED,
        "pace_percent": None if pace is None else pace * HUNDRED,
        "label": label,
    }


@register.inclusion_tag("charts/_sparkline.html")
def sparkline(values: Sequence[Decimal | None], label: str = ""):
    """The course of the last values; a missing value is a gap, not a zero."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (ZERO, ZERO)
    span = high - low
    step = divide(SPARK_WIDTH - 2 * SPARK_MARGIN, Decimal(max(len(values) - 1, 1)))
    height = SPARK_HEIGHT - 2 * SPARK_MARGIN
    runs: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        # A flat course runs through the middle.
        rise = divide((value - low) * height, span) if span else height / 2
        runs[-1].append(f"{_px(SPARK_MARGIN + index * step)},{_px(SPARK_HEIGHT - SPARK_MARGIN - rise)}")
    lines = [" ".join(run) for run in runs if len(run) > 1]
    dots = [run[0].split(",") for run in runs if len(run) == 1]
    return {"lines": lines, "dots": dots, "label": label}


@register.inclusion_tag("charts/_bars.html")
def bars(items: Sequence[dict], label: str = ""):
    """Bars beside each other: items {label, value, status?, faint?}; `status` colours a bar that has a meaning."""
    top = max([item["value"] for item in items if item["value"] is not None] + [ZERO])
    drawn = []
    for index, item in enumerate(items):
        value = item["value"] or ZERO
        height = divide(_within(value, ZERO, top) * BAR_HEIGHT, top) if top else ZERO
        drawn.append(
            {
                **item,
                "x": _px(8 + index * BAR_STEP),
                "centre": _px(8 + index * BAR_STEP + BAR_WIDTH / 2),
                "y": _px(10 + BAR_HEIGHT - height),
                "height": _px(height),
            }
        )
    return {"bars": drawn, "width": 8 + len(drawn) * BAR_STEP, "label": label}


@register.inclusion_tag("charts/_gauge.html")
def gauge(percent: Decimal | None, status: str | None, label: str = ""):
    """A half circle filled to a percent (100 = target, the scale ends at 120)."""
    share = _within(divide(percent or ZERO, HUNDRED * GAUGE_TOP), ZERO, ONE)
    return {
        "status": status or "none",
        "dash": f"{_px(share * GAUGE_LENGTH)} {_px(GAUGE_LENGTH)}",
        "percent": percent,
        "label": label,
    }


@register.inclusion_tag("charts/_weights.html")
def weight_bar(weights: Sequence[dict], total: Decimal = HUNDRED):
    """How a card's weight is shared: items {label, weight}; over 100 the bar is drawn to the sum."""
    whole = max(total, sum((item["weight"] for item in weights), ZERO))
    left, drawn = ZERO, []
    for index, item in enumerate(weights):
        width = divide(item["weight"] * HUNDRED, whole) if whole else ZERO
        opacity = ONE - divide(Decimal(7 * index), Decimal(10 * max(len(weights), 1)))
        drawn.append({**item, "x": _px(left), "width": _px(width), "opacity": plain(quantize(opacity, 2))})
        left += width
    return {"parts": drawn, "total": sum((item["weight"] for item in weights), ZERO)}


@register.inclusion_tag("charts/_shares.html")
def share_bar(counts: Sequence[dict], label: str = ""):
    """How a number of things is shared among statuses: items {value, status}; nothing at all is an empty bar."""
    whole = sum(item["value"] for item in counts)
    left, drawn = ZERO, []
    for item in counts:
        width = divide(Decimal(item["value"]) * HUNDRED, Decimal(whole)) if whole else ZERO
        if width:
            drawn.append({**item, "word": status_word(item["status"]), "x": _px(left), "width": _px(width)})
        left += width
    return {"parts": drawn, "label": label}
