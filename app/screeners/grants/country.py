"""Where a viewer is: what the proxy in front says, where that can be believed."""

from typing import Annotated

from fastapi import Depends, Request

from app.trees import TERRITORIES


def country_of(request: Request) -> str | None:
    """Give the country (ISO 3166-1) that a request comes from; None where nobody knows.

    Proxies have words for that, too: `XX`, or `T1` for Tor; neither is a country.
    """
    told: str | None = request.scope.get("country")
    return told if told in TERRITORIES.leaves else None


CountryDep = Annotated[str | None, Depends(country_of)]
