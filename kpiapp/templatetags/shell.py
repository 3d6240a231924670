"""What the frame of the pages needs."""

from django import template

register = template.Library()

BOTTOM_ITEMS = 4


@register.simple_tag
def bottom_items(navigation: list[dict] | None) -> list[dict]:
    """The pages of the phone's bottom bar: those marked `pinned`, else the first of each group, then one's own."""
    groups = navigation or []
    every = [item for group in groups for item in group["items"]]
    pinned = [item for item in every if item.get("pinned")]
    chosen = [group["items"][0] for group in groups][:BOTTOM_ITEMS]
    own = [item for item in every if item not in chosen][: BOTTOM_ITEMS - len(chosen)]
    return pinned[:BOTTOM_ITEMS] or [item for item in every if item in chosen or item in own]
