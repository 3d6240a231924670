"""What explanations of pay share: numbers as the reader writes them, and where rules and rates come from."""

from decimal import Decimal

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import currency_places, format_money, format_number, format_percent
from kpiapp.explain import Source, Step
from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from kpiapp.queries import count_of
from payroll import queries
from payroll.models import MemberPay, PayLine, PositionPay, TierTable
from scorecards.models import Scorecard
from scorecards.scoring import Tier


class Words:
    """Numbers as the reader's language writes them."""

    def __init__(self, currency: str):
        self.currency, self.language = currency, get_language() or "en"

    def money(self, amount: Decimal) -> str:
        """An amount with its currency."""
        return format_money(amount, self.currency, self.language)

    def number(self, value: Decimal) -> str:
        """A plain number."""
        return format_number(value, self.language)

    def percent(self, value: Decimal | None) -> str:
        """A percent, 100 = whole; a dash for none."""
        return "–" if value is None else format_percent(value, self.language)

    @property
    def rounded(self) -> str:
        """How every amount of pay is rounded."""
        places = currency_places(self.currency)
        if not places:
            return _("rounded half-up to whole %(currency)s") % {"currency": self.currency}
        return _("rounded half-up to %(places)d decimals") % {"places": places}


def rate_sources(rate: str, reader: Member) -> tuple[Source, ...]:
    """The rate that a line names as "position:12" or "member:4", with version and day; a link for who may open it."""
    kind, _colon, pk = rate.partition(":")
    if not pk:
        return ()
    model, owner, page = (
        (PositionPay, "position", "payroll:rates")
        if kind == "position"
        else (MemberPay, "member", "payroll:member_rates")
    )
    up_to_it = model.objects.filter(
        **{owner: OuterRef(owner)}, valid_from__lte=OuterRef("valid_from"), approved_at__isnull=False
    )
    row = model.objects.filter(pk=pk).select_related(owner).annotate(version=count_of(up_to_it)).first()
    if row is None:
        return ()
    name = getattr(row, owner).name
    label = _("Pay rates: %(name)s, version %(version)d, in force since %(day)s") % {
        "name": name,
        "version": row.version,
        "day": date_format(row.valid_from, "DATE_FORMAT"),
    }
    may_open = can(reader, Permission.PAY_RULES_READ) if kind == "position" else queries.sees_all_pay(reader)
    url = ""
    if may_open:
        url = f"{reverse(page, args=[reader.organization.slug])}?{urlencode({'q': name})}"
    return (Source(label, url),)


def table_sources(table: TierTable, reader: Member) -> tuple[Source, ...]:
    """A tier table of `queries.tier_tables` with its version and day; a link for who reads the pay rules."""
    label = _("Pay rules: %(name)s, version %(version)d, in force since %(day)s") % {
        "name": table.name,
        "version": table.version,
        "day": date_format(table.valid_from, "DATE_FORMAT"),
    }
    url = ""
    if can(reader, Permission.PAY_RULES_READ):
        url = f"{reverse('payroll:tiers', args=[reader.organization.slug])}#table-{table.pk}"
    return (Source(label, url),)


def card_sources(card: Scorecard) -> tuple[Source, ...]:
    """The way on from a score to the lines of its card."""
    label = _("How the score came about")
    return (Source(label, reverse("scorecards:explain_card", args=[card.organization.slug, card.pk])),)


def line_crumbs(line: PayLine, reader: Member) -> tuple[Source, ...]:
    """The way back from a line of pay: to one's payslips, and for payroll to its run."""
    slug, crumbs = line.organization.slug, []
    if line.member_id == reader.pk and line.run.is_locked:
        crumbs.append(Source(_("Payslips"), reverse("payroll:payslips", args=[slug])))
    if queries.sees_all_pay(reader):
        crumbs.append(Source(line.run.period.label, reverse("payroll:run", args=[slug, line.run_id])))
    return tuple(crumbs)


def card_crumbs(card: Scorecard) -> tuple[Source, ...]:
    """The way back to the card that shows the number."""
    return (Source(card.owner_name, reverse("scorecards:card", args=[card.organization.slug, card.pk])),)


def tier_step(
    percent: Decimal, reached: Tier, tiers: list[Tier], words: Words, table: TierTable, reader: Member
) -> Step:
    """Between which bounds a score lies, and the coefficient that earns."""
    place = tiers.index(reached)
    above = tiers[place - 1].at_least if place else None
    values = {
        "score": words.percent(percent),
        "low": words.number(reached.at_least or Decimal(0)),
        "high": "" if above is None else words.number(above),
    }
    if reached.at_least is None:
        text = _("Score %(score)s is under %(high)s") % values
    elif above is None:
        text = _("Score %(score)s is at least %(low)s") % values
    else:
        text = _("Score %(score)s is at least %(low)s and under %(high)s") % values
    return Step(
        title=_("Tier %(tier)s") % {"tier": reached.name},
        value=f"× {words.number(reached.coefficient)}",
        text=text,
        sources=table_sources(table, reader),
    )
