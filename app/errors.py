"""The API's one language of refusal: RFC 9457 problem documents, each with a stable `code`."""

from http import HTTPStatus
from typing import Any, ClassVar

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):  # noqa: N818  # it is the wire's word
    """A refusal that becomes a problem document.

    `detail` is plain English that says what to do; `errors` points into the request:
    `{"pointer": "/year", "detail": …}` for a body, `{"parameter": "limit", "detail": …}` elsewhere.
    """

    status: ClassVar[int] = 400
    code: str = "bad_request"
    # True where the refusal itself is a fact to keep: the transaction is committed, not undone.
    keeps_changes: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,  # noqa: ANN401  # RFC 9457 extension members
    ) -> None:
        """Say what is wrong and what to do; `extra` members are added to the document."""
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.errors = errors or []
        self.headers = headers or {}
        self.extra = extra

    def document(self) -> dict[str, Any]:
        """Give the problem document, without the request's id."""
        return problem_document(self.status, self.code, self.detail, self.errors, self.extra)


def problem_document(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build an RFC 9457 document; `title` is the status's own phrase."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        document["errors"] = errors
    return document | (extra or {})


class Malformed(Problem):
    """400: it can't be read at all."""

    status = 400
    code = "malformed"


class Unauthenticated(Problem):
    """401: who is asking is not known."""

    status = 401
    code = "unauthenticated"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        """Add the challenge that RFC 9110 demands of a 401."""
        super().__init__(detail, code=code, headers={"WWW-Authenticate": 'Bearer realm="filmmart"'})


class Forbidden(Problem):
    """403: visible, but not allowed."""

    status = 403
    code = "forbidden"


class NotFound(Problem):
    """404: it isn't there, or isn't the caller's to see; the two look alike."""

    status = 404
    code = "not_found"

    def __init__(self, noun: str) -> None:
        """Name what was not found."""
        super().__init__(f"There is no such {noun}, or it is not yours to see.")


class Conflict(Problem):
    """409: right in itself, but not as things stand."""

    status = 409
    code = "conflict"


class Gone(Problem):
    """410: it was there, and is no longer."""

    status = 410
    code = "gone"


class PreconditionFailed(Problem):
    """412: somebody changed it since the caller read it."""

    status = 412
    code = "precondition_failed"


class TooLarge(Problem):
    """413: more bytes than are read."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(Problem):
    """415: a body of another kind."""

    status = 415
    code = "unsupported_media_type"


class Invalid(Problem):
    """422: it can be read, but says something impossible."""

    status = 422
    code = "invalid"

    @classmethod
    def field(cls, pointer: str, detail: str, *, code: str | None = None) -> "Invalid":
        """Refuse one member of the body, by its JSON pointer."""
        return cls(
            "The request can't be taken as it is: see errors.",
            code=code,
            errors=[{"pointer": pointer, "detail": detail}],
        )

    @classmethod
    def parameter(cls, name: str, detail: str, *, code: str | None = None) -> "Invalid":
        """Refuse one parameter of the query, path or headers."""
        return cls(
            "The request can't be taken as it is: see errors.",
            code=code,
            errors=[{"parameter": name, "detail": detail}],
        )


class TooManyRequests(Problem):
    """429: come back later."""

    status = 429
    code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after: int, code: str | None = None) -> None:
        """Say in how many seconds to come back."""
        super().__init__(detail, code=code, headers={"Retry-After": str(retry_after)})


class Unavailable(Problem):
    """503: something FilmMart stands on does not answer; nothing was changed."""

    status = 503
    code = "unavailable"

    def __init__(self, detail: str, *, code: str | None = None, retry_after: int = 5) -> None:
        """Say in how many seconds to try again."""
        super().__init__(detail, code=code, headers={"Retry-After": str(retry_after)})
