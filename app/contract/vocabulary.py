"""What every answer of the API is told by: the refusals there are, their shape, the headers."""

from typing import Any

# What each refusal means wherever it appears; an operation's own words come before these.
REFUSALS = {
    "400": ("Malformed", "It can't be read: no JSON, or no UTF-8."),
    "401": ("Unauthenticated", "Nobody is signed in, or the token is no longer good."),
    "403": ("Forbidden", "Visible, but not yours to do."),
    "404": ("NotFound", "It isn't there, or isn't yours to see."),
    "409": ("Conflict", "Right in itself, but not as things stand; `code` says why."),
    "410": ("Gone", "It was there and is no longer; `detail` says what to do."),
    "412": ("PreconditionFailed", "It changed since you read it (`If-Match`)."),
    "413": ("TooLarge", "The body has more bytes than are read."),
    "415": ("UnsupportedMediaType", "The body is of another kind."),
    "422": ("Invalid", "It can be read, but says something impossible; `errors` points at it."),
    "429": ("TooManyRequests", "Too many requests; `Retry-After` says when to come back."),
    "500": ("InternalError", "Something broke on our side; nothing was changed."),
    "503": ("Unavailable", "The database or the store does not answer; nothing was changed."),
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457). `code` is stable: build on it, not on `detail`.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status's own phrase."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What was refused, for programs."},
        "detail": {"type": "string", "description": "What is wrong and what to do, for people."},
        "request_id": {"type": "string", "description": "Quote it to the operator."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string"},
                    "in": {"type": "string", "enum": ["path", "query", "header", "cookie"]},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "code": "invalid",
            "detail": "The request can't be taken as it is: see errors.",
            "errors": [{"pointer": "/year", "detail": "Input should be at least 1870"}],
            "request_id": "5f2b8c1d9e3a7746",
        }
    ],
}

# Every header an answer may have beyond what HTTP itself needs: what it says, and its form.
HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-ID": (
        "The request's id, your own if you sent one: quote it to the operator.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$", "examples": ["5f2b8c1d9e00000001"]},
    ),
    "RateLimit-Policy": (
        "How many units you may spend in how many seconds; an operation takes `x-cost` of them.",
        {"type": "string", "examples": ['"default";q=600;w=60']},
    ),
    "RateLimit": (
        "How many units are left, and in how many seconds they are counted anew.",
        {"type": "string", "examples": ['"default";r=594;t=41']},
    ),
    "Retry-After": ("In how many seconds to come back.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to sign in, or which scope is missing.", {"type": "string"}),
    "Accept": ("The kinds of body that are read here.", {"type": "string"}),
    "Accept-Encoding": ("Bodies are read as they are: `identity`.", {"type": "string"}),
    "ETag": (
        "Names this version: send it as `If-Match` with an edit.",
        {"type": "string", "examples": ['"3"']},
    ),
    "Link": (
        "The next page (RFC 8288); absent on the last one.",
        {"type": "string", "examples": ['</v1/titles?limit=20&cursor=WyJ>; rel="next"']},
    ),
    "Location": ("The address of what was created.", {"type": "string"}),
    "Content-Language": (
        "The languages that `Accept-Language` chose, where texts are known in any.",
        {"type": "string", "examples": ["zh, en"]},
    ),
    "Idempotency-Replayed": (
        "`true` where this repeats the answer that a request with this key had before.",
        {"type": "string", "const": "true"},
    ),
}
# Of operations that will go, and described where there is one.
OF_DEPRECATED: dict[str, tuple[str, dict[str, Any]]] = {
    "Deprecation": (
        "Since when not to build on this (RFC 9745): `@` and seconds since 1970.",
        {"type": "string", "pattern": "^@[0-9]+$", "examples": ["@1798761600"]},
    ),
    "Sunset": (
        "When it ceases to answer (RFC 8594).",
        {"type": "string", "examples": ["Thu, 01 Jul 2027 00:00:00 GMT"]},
    ),
}
ALWAYS = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
HEADERS_OF_REFUSALS = {
    "401": ("WWW-Authenticate",),
    "403": ("WWW-Authenticate",),
    "409": ("Retry-After",),
    "415": ("Accept", "Accept-Encoding"),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
