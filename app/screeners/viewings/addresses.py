"""Where a player finds what: relative to the viewing, with its token."""

from urllib.parse import quote


def address_of(viewing_id: int, what: str, token: str, public_url: str = "") -> str:
    """Give the address of something of a viewing, whole where a `public_url` is given."""
    return f"{public_url.rstrip('/')}/v1/viewings/{viewing_id}/{what}?token={quote(token)}"


def watch_url(public_url: str, viewing_id: int, token: str) -> str:
    """Give the page's address: a browser sends nobody what stands behind the `#`."""
    return f"{public_url.rstrip('/')}/watch/{viewing_id}#{quote(token)}"
