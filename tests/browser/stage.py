"""What the browser's tests need on top of the demo companies; writes a sample of every kind of row to a file.

Runs as a program of its own beside the product: `python -m tests.browser.stage samples.json`.
"""

import json
import os
import sys
from pathlib import Path

import django


def main(target: str) -> None:
    """Set the stage in both companies and write down what there is to look at."""
    from django.utils import timezone

    from kpiapp.models import Organization
    from kpiapp.tenancy import organization_scope
    from tests.samples import samples

    found = {}
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization):
            found[organization.slug] = samples(organization.slug, timezone.localdate())
    Path(target).write_text(json.dumps(found))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiapp.settings")
    django.setup()
    main(sys.argv[1])
