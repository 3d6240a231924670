"""What the frame of the pages needs."""

from django import template

register = template.Library()

BOTTOM_ITEMS = 4


@register.simple_tag
def bottom_items(navigation: list[dict] | None) -> list[dict]:
    """The pages of the phone's bottom bar: those marked `pinned`, else the first of each group."""
    groups = navigation or []
    pinned = [item for group in groups for item in group["items"] if item.get("pinned")]
    first = [item for group in groups for item in group["items"][:1]]
    return (pinned or first)[:BOTTOM_ITEMS]
