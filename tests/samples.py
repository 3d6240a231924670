"""One row of every kind that an address can name, for tests that open every page."""


def samples() -> dict[str, int]:
    """Ids inside the open scope, by the kind of row."""
    return {}
