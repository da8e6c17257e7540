"""Refusals of the token endpoint, each with RFC 6749's `error` beside the problem document."""

from app.errors import Problem


class OAuthRefusal(Problem):
    """400: what was asked for gives no token."""

    status = 400
    error = "invalid_request"

    def __init__(
        self, detail: str, *, code: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        """Carry `error` and `error_description` (RFC 6749, 5.2) for OAuth libraries."""
        super().__init__(
            detail,
            code=code or self.error,
            headers=headers,
            error=self.error,
            error_description=detail,
        )


class InvalidRequest(OAuthRefusal):
    """400: something is missing, or said twice."""


class InvalidGrant(OAuthRefusal):
    """400: a password or refresh token that is no good."""

    error = "invalid_grant"
    # A refresh token used twice ends the session even though its bearer is refused.
    keeps_changes = True


class InvalidClient(OAuthRefusal):
    """401: no such client, or not its secret; the two look alike."""

    status = 401
    error = "invalid_client"

    def __init__(self, detail: str) -> None:
        """Add the challenge that RFC 6749 demands."""
        super().__init__(detail, headers={"WWW-Authenticate": 'Basic realm="filmmart"'})


class UnauthorizedClient(OAuthRefusal):
    """400: the client may not be given tokens like this."""

    error = "unauthorized_client"


class InvalidScope(OAuthRefusal):
    """400: more than the client was let do."""

    error = "invalid_scope"


class UnsupportedGrantType(OAuthRefusal):
    """400: no such way to be given tokens."""

    error = "unsupported_grant_type"
