"""Payroll: from score to tier to pay line to file."""

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class PayrollConfig(AppConfig):
    """Tiers, pay rates, pay runs and their exports."""

    name = "payroll"

    def ready(self):
        """Register what payroll offers to the pages and the work of the apps below."""
        from kpiapp import registry
        from kpiapp.permissions import Permission
        from payroll import audit_words, home_panels, numbers, recompute, tasks, tier_notes, tiles
        from payroll.services import exports, policies, runs

        item = registry.NavigationItem
        registry.NAVIGATION += [
            item("me", _("Payslips"), "payroll:payslips", "file-text", 30, Permission.PAY_READ, pinned=7),
            item(
                "pay",
                _("Pay runs"),
                "payroll:run_list",
                "wallet",
                10,
                Permission.PAY_RUN_READ,
                pinned=3,
            ),
            item(
                "pay",
                _("Pay rules"),
                "payroll:tiers",
                "sliders-horizontal",
                20,
                Permission.PAY_RULES_READ,
                folder="pay/rules/",
            ),
        ]
        for task, label in ((runs.CALCULATE, _("Calculating pay")), (exports.EXPORT, _("Making the payroll file"))):
            registry.JOB_LABELS[task] = label
            registry.JOB_LINKS[task] = _run_of
        registry.AFTER_SCORES.append(recompute.refresh_tiers)
        registry.HOME_FACTS.append(home_panels.facts)
        registry.HOME_PANELS.append(home_panels.panels)
        registry.NUMBERS.update(numbers.KINDS)
        registry.CARD_TILES.append(tiles.tiles_of)
        registry.SCORE_NOTES.append(tier_notes.notes_of)
        registry.ORGANIZATION_STARTERS.append(policies.start_organization)
        registry.SAMPLE_DATA.append(tasks.request_sample)
        registry.AUDIT_NOUNS.update(audit_words.NOUNS)
        registry.AUDIT_WORDS.update(audit_words.WORDS)


def _run_of(slug: str, job) -> str:
    """The page of the run that a job worked on."""
    return reverse("payroll:run", args=[slug, job.arguments["run"]])
