"""Why the totals of a run are what they are: what each one sums, how many lines, and the way to them."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.explain import Explanation, Source, Step
from kpiapp.models import Member
from kpiapp.templatetags.kpi import instant, signed
from payroll import queries
from payroll.explain.words import Words, table_sources
from payroll.models import PayRun
from payroll.summaries import RunSummary


def explain_run(run: PayRun, summary: RunSummary, *, reader: Member) -> Explanation:
    """People, gross and its three parts, with the percents that stand beside them."""
    words, slug = Words(reader.organization.currency), reader.organization.slug
    lines, before = (_lines_of(run, slug),), _before(summary, slug)
    table = queries.tier_tables().get(pk=run.tier_table_id)
    fixed = _("P1 %(p1)s + P2 %(p2)s") % {"p1": words.money(run.p1_total), "p2": words.money(run.p2_total)}
    steps = (
        Step(_("People"), words.number(run.people_count), _people_text(run, summary, words), (*lines, *before)),
        Step(_("Gross"), words.money(run.gross_total), _gross_text(run, summary, words), (*lines, *before)),
        Step(
            _("KPI pay (P3)"),
            words.money(run.p3_total),
            _p3_text(run, summary, words),
            (*lines, *table_sources(table, reader)),
        ),
        Step(_("P1 + P2"), words.money(run.fixed_total), fixed),
        Step(_("P1 position"), words.money(run.p1_total), _sum_of("P1", run), lines),
        Step(_("P2 person"), words.money(run.p2_total), _sum_of("P2", run), lines),
        *_flag_steps(run, summary, words, slug),
    )
    intro = _(
        "Totals are sums of rounded lines and never rounded again. Calculated %(at)s by %(who)s, run %(run)s."
    ) % {
        "at": instant(run.calculated_at),
        "who": run.calculated_by.name,
        "run": run.pk,
    }
    title = _("Why %(amount)s?") % {"amount": words.money(run.gross_total)}
    crumbs = (Source(run.period.label, _address(run, slug)),)
    return Explanation(title=title, intro=intro, steps=steps, crumbs=crumbs)


def _people_text(run: PayRun, summary: RunSummary, words: Words) -> str:
    text = _("Everybody who is employed on at least one day of %(period)s has one line.") % {"period": run.period.label}
    if summary.before:
        text += " " + _("%(before)s had %(count)s: %(change)s.") % {
            "before": summary.before.period.label,
            "count": words.number(summary.before.people_count),
            "change": signed(summary.people_change),
        }
    return text


def _gross_text(run: PayRun, summary: RunSummary, words: Words) -> str:
    text = _("P1 %(p1)s + P2 %(p2)s + P3 %(p3)s") % {
        "p1": words.money(run.p1_total),
        "p2": words.money(run.p2_total),
        "p3": words.money(run.p3_total),
    }
    if summary.gross_change_percent is not None:
        change = _(
            "Against %(before)s: (%(now)s − %(then)s) ÷ %(then)s = %(change)s, rounded half-up to two decimals"
        ) % {
            "before": summary.before.period.label,
            "now": words.number(run.gross_total),
            "then": words.number(summary.before.gross_total),
            "change": f"{signed(summary.gross_change_percent)}%",
        }
        text += "\n" + change
    return text


def _p3_text(run: PayRun, summary: RunSummary, words: Words) -> str:
    text = _sum_of("P3", run)
    if summary.p3_share_percent is not None:
        share = _("Of gross: %(part)s ÷ %(whole)s = %(share)s, rounded half-up to two decimals") % {
            "part": words.number(run.p3_total),
            "whole": words.number(run.gross_total),
            "share": words.percent(summary.p3_share_percent),
        }
        text += "\n" + share
    return text


def _flag_steps(run: PayRun, summary: RunSummary, words: Words, slug: str) -> Sequence[Step]:
    """Who needs a look, while something can be done about it."""
    if run.is_locked or not summary.flagged:
        return ()
    sources = tuple(Source(sentence, f"{_address(run, slug)}?flag={flag}#lines") for flag, sentence in summary.flags)
    text = _("Lines with a note: each is counted once, by the first that holds.")
    return (Step(_("Needs a look"), words.number(summary.flagged), text, sources),)


def _sum_of(part: str, run: PayRun) -> str:
    return ngettext("Sum of %(part)s of %(count)d line", "Sum of %(part)s of %(count)d lines", run.people_count) % {
        "part": part,
        "count": run.people_count,
    }


def _lines_of(run: PayRun, slug: str) -> Source:
    label = ngettext("%(count)d line", "%(count)d lines", run.people_count) % {"count": run.people_count}
    return Source(label, f"{_address(run, slug)}#lines")


def _before(summary: RunSummary, slug: str) -> Sequence[Source]:
    return (Source(summary.before.period.label, _address(summary.before, slug)),) if summary.before else ()


def _address(run: PayRun, slug: str) -> str:
    return reverse("payroll:run", args=[slug, run.pk])
