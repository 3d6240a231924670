"""Logging one value in a large organization: queries and server time of the request that saves a cell."""


def run(people: int) -> None:
    """Filled in once pages can save."""
