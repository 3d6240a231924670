"""The icons: lucide outlines (ISC licence) drawn inline, so that a page asks for no icon file."""

import json
from functools import cache
from pathlib import Path

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Name → the one path that draws it, on a 24 × 24 field.
PATHS: dict[str, str] = json.loads(Path(__file__).with_name("icons.json").read_text())


@register.simple_tag
@cache
def icon(name: str, css: str = "size-4") -> SafeString:
    """An icon that is decoration only: the word beside it, or the button's label, says what it means."""
    if name not in PATHS:
        raise template.TemplateSyntaxError(f"There is no icon {name!r} in icons.json.")
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>',
        css,
        PATHS[name],
    )
