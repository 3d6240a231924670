"""What the frame of the pages needs."""

from django import template

register = template.Library()

BOTTOM_ITEMS = 4


@register.simple_tag
def bottom_items(navigation: list[dict] | None) -> list[dict]:
    """The pages of the phone's bottom bar: the first four by the turn in `pinned`, in the order of the side bar."""
    every = [item for group in navigation or [] for item in group["items"]]
    chosen = sorted((item for item in every if item.get("pinned")), key=lambda item: item["pinned"])[:BOTTOM_ITEMS]
    return [item for item in every if item in chosen]
