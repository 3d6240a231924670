"""Every icon a template names exists."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError

from kpiapp.templatetags.icons import PATHS

NAMED = re.compile(r"""\{%\s*icon\s+["']([\w-]+)["']""")


def test_every_icon_named_in_a_template_exists():
    named = {
        name
        for page in Path(settings.BASE_DIR, "templates").rglob("*.html")
        for name in NAMED.findall(page.read_text())
    }
    assert "search" in named
    assert named <= set(PATHS)


def test_an_icon_is_decoration_to_a_screen_reader():
    drawn = Template("{% load icons %}{% icon 'search' 'size-5' %}").render(Context())
    assert 'class="size-5"' in drawn
    assert 'aria-hidden="true"' in drawn


def test_an_unknown_icon_is_a_mistake_one_sees():
    with pytest.raises(TemplateSyntaxError, match="no icon 'wand'"):
        Template("{% load icons %}{% icon 'wand' %}").render(Context())
