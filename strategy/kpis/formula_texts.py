"""Formulas between people and the database: typed with codes of KPIs, kept with their ids, judged by what exists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp import formulas
from kpiapp.decimals import gettext_noop
from kpiapp.formulas import Dimension, Formula, FormulaError, OperandUnit, dimension_of, errors
from kpiapp.formulas.nodes import Node, Operand, walk
from kpiapp.text import search_key
from strategy.choices import Aggregation
from strategy.models import FormulaOperand, KpiDefinition, KpiVersion

PARTS = (".numerator", ".denominator")
CIRCLE = gettext_noop("That goes round in a circle: %(path)s. Leave one of them out.")
OWN_VALUE = gettext_noop("A KPI cannot be calculated from itself. Choose another one.")
GIVES_PERCENT = gettext_noop("The formula gives a percent, but the unit is not %(sign)s. Set the unit to %(sign)s.")
GIVES_RATE = gettext_noop("The formula gives a fraction, but the unit is %(sign)s. Use percent(a, b).")
GIVES_OTHER = gettext_noop("The formula gives %(unit)s, but this KPI is measured in %(sign)s.")


@dataclass(frozen=True)
class Reading:
    """A formula that can be saved: its canonical text, the KPIs it is made of by id, and what it is measured in."""

    formula: str
    operands: Mapping[int, KpiDefinition]
    unit: Dimension
    tree: Formula


@dataclass(frozen=True)
class Coming:
    """KPIs that are about to be saved, by code: what a formula of the same file may name, and what they are made of.

    They stand there with the version that comes; new ones have ids below zero until they are saved.
    """

    kpis: dict[str, KpiDefinition] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)

    def add(self, kpi: KpiDefinition, parts: Iterable[int]) -> None:
        """One more, with the ids of the KPIs its formula names."""
        self.kpis[kpi.code] = kpi
        self.parts[kpi.pk] = list(parts)


NONE_COMING = Coming()


def sentence(error: FormulaError) -> str:
    """What is wrong, in the reader's language."""
    return _(error.message) % error.params


def read(
    text: str,
    *,
    style: str = "",
    inputs: Sequence[str] = (),
    definition: KpiDefinition | None = None,
    unit: str = "",
    kpis: QuerySet[KpiDefinition] | None = None,
    coming: Coming = NONE_COMING,
) -> Reading:
    """The formula of a typed or stored text. `inputs` are the labels of its own inputs. Raises FormulaError.

    `definition` is the KPI it is for, `unit` what that is measured in, `kpis` those that may be named (all unless
    given) besides those that are `coming`; four queries, whatever is typed.
    """
    typed = formulas.parse(text, style)
    places = {node.key: node for node in walk(typed.root) if isinstance(node, Operand)}
    known = _Known(places, inputs, KpiDefinition.objects.all() if kpis is None else kpis, coming)
    keys = {key: known.key_of(key, node) for key, node in places.items()}
    operands = {kpi.pk: kpi for kpi in known.used.values()}
    units = {key: known.unit_of(keys[key], node) for key, node in places.items()}
    dimension = formulas.unit_of(typed, units)
    _refuse_unit(typed, dimension, unit)
    if definition is not None:
        _refuse_circle(definition, operands, places, keys, coming)
    canonical = formulas.canonical(typed, lambda key: keys[key])
    return Reading(canonical, operands, dimension, typed)


class _Known:
    """What names can stand for: the inputs of the KPI itself, and the organization's KPIs by id, code or name."""

    def __init__(
        self, keys: Iterable[str], inputs: Sequence[str], kpis: QuerySet[KpiDefinition], coming: Coming
    ) -> None:
        self.inputs = {search_key(label): f"input:{n}" for n, label in enumerate(inputs, 1) if label.strip()}
        self.labels = list(inputs)
        self.used: dict[str, KpiDefinition] = {}
        names = {_name(key)[0] for key in keys}
        ids = {int(name.partition(":")[2]) for name in names if name.startswith("kpi:")}
        spoken = [name[1:-1] for name in names if name.startswith("[")]
        wanted = Q(pk__in=ids) | Q(search_key__in=[search_key(name) for name in spoken])
        for name in spoken:
            wanted |= Q(code__iexact=name)
        there = kpis.filter(wanted).select_related("current").order_by("-is_active", "pk")
        # As they will be: a unit that comes with the same file counts.
        self.kpis = [*coming.kpis.values(), *(kpi for kpi in there if kpi.code not in coming.kpis)]

    def key_of(self, key: str, node: Node) -> str:
        """The stored key of a typed one."""
        name, part = _name(key)
        if name.startswith("input:"):
            if int(name.partition(":")[2]) not in range(1, len(self.labels) + 1):
                raise FormulaError(errors.UNKNOWN_NAME, node.start, node.end, found=name)
            return name
        if not name.startswith("kpi:") and search_key(name[1:-1]) in self.inputs:
            return self.inputs[search_key(name[1:-1])]
        kpi = self._kpi(name)
        if kpi is None or kpi.current is None:
            shown = name.strip("[]")
            raise FormulaError(errors.UNKNOWN_NAME, node.start, node.end, found=shown)
        if part and kpi.current.aggregation != Aggregation.RATIO:
            raise FormulaError(errors.NO_PARTS, node.start, node.end, found=kpi.name)
        self.used[key] = kpi
        return f"kpi:{kpi.pk}{part}"

    def _kpi(self, name: str) -> KpiDefinition | None:
        if name.startswith("kpi:"):
            return next((kpi for kpi in self.kpis if kpi.pk == int(name[4:])), None)
        spoken = name[1:-1].strip()
        by_code = next((kpi for kpi in self.kpis if kpi.code.lower() == spoken.lower()), None)
        if by_code is not None:
            return by_code
        named = [kpi for kpi in self.kpis if kpi.is_active and search_key(kpi.name) == search_key(spoken)]
        return named[0] if len(named) == 1 else None

    def unit_of(self, key: str, node: Operand) -> OperandUnit:
        """What a part of the formula is measured in."""
        if key.startswith("input:"):
            return OperandUnit(dimension_of(""), self.labels[int(key[6:]) - 1])
        kpi = self.used[node.key]
        version = kpi.current
        assert version is not None  # key_of refuses others
        if _name(node.key)[1]:
            return OperandUnit(dimension_of(""), kpi.name)
        return OperandUnit(dimension_of(version.unit), kpi.name, version.aggregation == Aggregation.RATIO)


def _name(key: str) -> tuple[str, str]:
    """A key without the part of a ratio behind it, and that part."""
    part = next((part for part in PARTS if key.endswith(part)), "")
    return key.removesuffix(part), part


def _refuse_unit(formula: Formula, dimension: Dimension, unit: str) -> None:
    """Refuses what cannot be what the KPI says it is measured in; plain numbers can be anything."""
    if dimension.is_free or not unit.strip():
        return
    declared = dimension_of(unit)
    if declared.powers == dimension.powers or not (declared.is_percent or dimension.is_rate):
        return
    message = GIVES_OTHER
    if dimension.is_percent:
        message = GIVES_PERCENT
    elif dimension.is_rate and declared.is_percent:
        message = GIVES_RATE
    elif dimension.is_rate:
        return  # a fraction may carry a word of its own: "times", "turns"
    sign = "%" if message != GIVES_OTHER else unit
    raise FormulaError(message, 0, len(formula.text), sign=sign, unit=dimension.label or _("a number"))


def _refuse_circle(
    definition: KpiDefinition,
    operands: Mapping[int, KpiDefinition],
    places: Mapping[str, Operand],
    keys: Mapping[str, str],
    coming: Coming,
) -> None:
    edges: dict[int, list[int]] = {}
    current = FormulaOperand.objects.filter(version=F("version__definition__current"))
    for whole, part in current.values_list("version__definition", "operand"):
        edges.setdefault(whole, []).append(part)
    edges |= coming.parts
    for pk in operands:
        path = _path(pk, definition.pk, edges)
        if path is None:
            continue
        node = next(node for key, node in places.items() if keys[key].partition(".")[0] == f"kpi:{pk}")
        if pk == definition.pk:
            raise FormulaError(OWN_VALUE, node.start, node.end)
        names = {one.pk: one for one in coming.kpis.values()} | KpiDefinition.objects.in_bulk(path)
        shown = " → ".join(names.get(step, definition).name for step in (definition.pk, *path))
        raise FormulaError(CIRCLE, node.start, node.end, path=shown)


def _path(start: int, goal: int, edges: Mapping[int, list[int]]) -> tuple[int, ...] | None:
    """The way from one KPI to another along what they are made of; None when there is none."""
    way: list[tuple[int, tuple[int, ...]]] = [(start, (start,))]
    seen: set[int] = set()
    while way:
        at, path = way.pop()
        if at == goal:
            return path
        if at not in seen:
            seen.add(at)
            way += [(part, (*path, part)) for part in edges.get(at, ())]
    return None


def style_of_reader() -> str:
    """How the reader writes numbers in a formula."""
    return "vi" if (get_language() or "en").startswith("vi") else "en"


def shown_formula(version: KpiVersion, style: str = "en") -> str:
    """A version's formula as people write it: codes in square brackets, numbers and separators of their language."""
    codes = {operand.operand_id: operand.operand.code for operand in version.operands.all()}
    return shown_text(version.formula, codes, (version.numerator_label, version.denominator_label), style)


def shown_text(formula: str, codes: Mapping[int, str], inputs: Sequence[str], style: str) -> str:
    """A canonical text with codes for ids and labels for inputs."""

    def named(key: str) -> str:
        name, part = _name(key)
        kind, _colon, number = name.partition(":")
        label = codes.get(int(number), number) if kind == "kpi" else inputs[int(number) - 1]
        return f"[{label}]{part}"

    return formulas.localized(formulas.rewrite(formulas.parse(formula), named), style) if formula else ""
