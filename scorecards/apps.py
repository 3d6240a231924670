"""Scorecards: who is measured by what, and how far they are."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    """Cards, lines, actuals and scores."""

    name = "scorecards"

    def ready(self):
        """Register what scorecards offer below."""
        from kpiapp import registry
        from kpiapp.permissions import Permission
        from scorecards import home_panels, notices, numbers, reopenings
        from scorecards.imports import HANDLERS
        from scorecards.kpi_checks import problems_of_definition
        from scorecards.offers import curves, figures, histories
        from scorecards.offers import frame as offers
        from scorecards.offers.formula_values import values_to_try
        from scorecards.services import closing, drafts, reminders, rollups, rules, transfers

        registry.IMPORT_HANDLERS.update({handler.kind: handler for handler in HANDLERS})
        registry.KPI_CHECKS.append(problems_of_definition)
        registry.COMPLETION_CURVES.append(curves.curve_of_definition)
        registry.KPI_HISTORIES.append(histories.past_results)
        registry.MEASURED_KPIS.append(histories.measured_kpis)
        registry.HIDDEN_EVENTS.append(histories.hidden_events)
        registry.FORMULA_VALUES.append(values_to_try)
        registry.AFTER_MOVES.append(transfers.follow_move)
        registry.AFTER_SETTINGS.append(rules.follow_settings)
        registry.AFTER_SCORES.append(rollups.refresh_soon)
        registry.KPI_FIGURES.append(figures.figures_of_person)
        registry.OBJECTIVE_SCORES.append(rollups.objective_scores)
        registry.JOB_LABELS[rollups.TASK] = offers.ROLLUPS
        registry.QUIET_JOBS.add(rollups.TASK)
        registry.JOB_LABELS[drafts.TASK] = offers.PUT_DRAFT
        registry.JOB_LINKS["night"] = offers.night_changes_url
        registry.NAVIGATION += offers.NAVIGATION
        registry.SETTINGS_PAGES.append(("scorecards:card_rules", offers.CARD_RULES, Permission.ROLE_READ))
        registry.HOME_PANELS.append(home_panels.panels)
        registry.SEARCHES.append(offers.find_cards)
        registry.PERIOD_LOCK_CHECKS.append(offers.reasons_not_to_lock)
        registry.BEFORE_LOCKING.append(closing.score_as_over)
        registry.BEFORE_REOPENING += [reopenings.keep_scores, closing.look_again]
        registry.NOTIFICATIONS.update(notices.KINDS)
        registry.NUMBERS.update(numbers.KINDS)
        registry.NIGHT_STEPS.append((50, reminders.remind_in_the_night))
        registry.AUDIT_NOUNS.update(offers.AUDIT_NOUNS)
        registry.AUDIT_WORDS.update(offers.AUDIT_WORDS)
