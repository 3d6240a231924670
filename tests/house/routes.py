"""All addresses of the product, from the URLconf itself, and the table that says who may open which."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

TABLE = Path(__file__).with_name("access.yaml")
ROLES = (
    "director",
    "manager",
    "lan",
    "minh",
    "owner",
    "hr",
    "strategy",
    "payroll_maker",
    "payroll_approver",
    "auditor",
)
# A machine with an API key, which opens addresses of the API and nothing else.
KEY = "key"
PAGE_METHODS = ("GET", "POST")
OTHER_METHODS = ("PUT", "PATCH", "DELETE")
API_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """An address of the URLconf: its full name, the arguments it takes, and the view behind it."""

    name: str
    arguments: tuple[str, ...]
    view: object = field(compare=False, hash=False)
    path: str = ""

    @property
    def is_inside(self) -> bool:
        """Whether it belongs to an organization."""
        return "organization" in self.arguments

    @property
    def is_api(self) -> bool:
        """Whether machines talk to it."""
        return self.name.startswith("api:")

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are tried by everybody."""
        return API_METHODS if self.is_api else PAGE_METHODS

    @property
    def actors(self) -> tuple[str, ...]:
        """Who tries them."""
        return (*ROLES, KEY) if self.is_api else ROLES


def all_routes() -> list[Route]:
    """Every address, sorted by name; one without a name gets its path as name, so that it cannot hide."""
    return sorted(_walk(get_resolver(), "", ()), key=lambda route: (route.name, route.path))


def _walk(resolver: URLResolver, namespace: str, arguments: tuple[str, ...], path: str = ""):
    for entry in resolver.url_patterns:
        here = (*arguments, *entry.pattern.regex.groupindex)
        full = f"{path}{entry.pattern}"
        if isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name}" if entry.name else full
            yield Route(name=name, arguments=here, view=entry.callback, path=full)
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, inner, here, full)


@dataclass(frozen=True)
class Row:
    """Who may do what at an address: per method the roles that may, and those that find nothing (404)."""

    route: str
    arguments: dict[str, str]
    query: str
    body: str
    may: dict[str, frozenset[str]]
    finds_nothing: dict[str, frozenset[str]]

    def expected(self, method: str, role: str) -> str:
        """`open`, `hidden` (404), `forbidden` (403), or `closed` (a method nobody may use there)."""
        if method not in self.may:
            return "closed"
        if role in self.may[method]:
            return "open"
        return "hidden" if role in self.finds_nothing[method] else "forbidden"


def read_table() -> dict[str, Row]:
    """The rows of access.yaml by route. `all` stands for every role; after a bar stand those who find nothing."""
    data = yaml.safe_load(TABLE.read_text())
    return {name: _row(name, fields or {}) for name, fields in data["inside"].items()}


def read_outside() -> dict[str, dict]:
    """The rows for addresses outside any organization: what somebody gets who is signed out, and signed in."""
    return yaml.safe_load(TABLE.read_text())["outside"]


def _row(name: str, fields: dict) -> Row:
    may, nothing = {}, {}
    for method in (key for key in fields if key.isupper()):
        allowed, _, hidden = str(fields[method]).partition("|")
        may[method], nothing[method] = _roles(allowed), _roles(hidden)
        if may[method] & nothing[method]:
            raise ValueError(f"{name} {method}: a role stands on both sides of the bar")
    return Row(
        route=name,
        arguments={key: str(value) for key, value in fields.items() if not key.isupper()},
        query=str(fields.get("query", "")),
        body=str(fields.get("body", "")),
        may=may,
        finds_nothing=nothing,
    )


def _roles(text: str) -> frozenset[str]:
    names = text.split()
    if "all" in names:
        names += ROLES
    if unknown := set(names) - {"all", KEY, *ROLES}:
        raise ValueError(f"There is no role {sorted(unknown)} in the cast")
    return frozenset(names) - {"all"}
