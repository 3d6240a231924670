"""Sentences of refusals are asserted in the language in which they are written."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def english():
    """English, whatever the installation's language is."""
    with translation.override("en"):
        yield
