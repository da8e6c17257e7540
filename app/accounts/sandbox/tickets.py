"""Tickets: what the live market signs and its sandbox believes (RFC 7523), for a minute.

The key is theirs alone and signs nothing else; the sandbox's address in it is `aud`, so that a
ticket for one is none for another.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr, ValidationError

from app.accounts.oauth import InvalidGrant
from app.accounts.sandbox.schemas import SandboxTicket, TicketContent

ALGORITHM = "HS256"
TICKET_TYPE = "filmmart-ticket+jwt"
LIFETIME = timedelta(minutes=1)
# Clocks of two machines are not one.
LEEWAY_SECONDS = 10


def _key_of(secret: SecretStr) -> OctKey:
    return OctKey.import_key(
        hashlib.sha256(b"ticket:" + secret.get_secret_value().encode()).digest()
    )


def sign_ticket(
    key: SecretStr, content: TicketContent, *, issuer: str, url: str, now: datetime
) -> SandboxTicket:
    """Sign what is known of a person, for the sandbox at an address."""
    expires_at = now.astimezone(UTC).replace(microsecond=0) + LIFETIME
    claims = {
        "iss": issuer,
        "sub": str(content.person.id),
        "aud": url,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        **content.model_dump(mode="json"),
    }
    ticket = jwt.encode({"alg": ALGORITHM, "typ": TICKET_TYPE}, claims, _key_of(key))
    return SandboxTicket(ticket=ticket, url=url, expires_at=expires_at)


def read_ticket(key: SecretStr, ticket: str, *, url: str) -> TicketContent:
    """Give what a ticket says.

    Raises:
        InvalidGrant: it has expired, is for another sandbox, or is none of the live market's.
    """
    try:
        decoded = jwt.decode(ticket, _key_of(key), algorithms=[ALGORITHM])
        if decoded.header.get("typ") != TICKET_TYPE:
            raise InvalidGrant("This is no ticket into the sandbox.")
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS, aud={"essential": True}, exp={"essential": True}
        ).validate(decoded.claims)
        content = TicketContent.model_validate(decoded.claims)
    except ExpiredTokenError:
        raise InvalidGrant(
            "The ticket has expired, it is good for a minute: ask the live market for another."
        ) from None
    except (JoseError, ValidationError, ValueError, TypeError):
        raise InvalidGrant("This is no ticket of this sandbox's live market.") from None
    if decoded.claims["aud"] != url:
        raise InvalidGrant(
            f"The ticket is for the sandbox at {decoded.claims['aud']}, and this is {url}: "
            "FILMMART_SANDBOX_URL there and FILMMART_PUBLIC_URL here have to be the same."
        )
    return content
