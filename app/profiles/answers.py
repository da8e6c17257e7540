"""How a profile goes out: in the reader's language, with the ETag that names what was read."""

from collections.abc import Iterable
from typing import Any

from fastapi import Response

from app.actors import Actor
from app.deps import preferred_languages
from app.errors import PreconditionFailed
from app.etags import etag_of, require_match
from app.models.profiles import BuyerProfile, SellerProfile
from app.profiles.rules import chosen_language


def languages_for(actor: Actor, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Give what to read in: what the request asks for, else what the person reads."""
    return asked or preferred_languages(actor.language)


def shown(profile: SellerProfile | BuyerProfile, languages: tuple[str, ...]) -> dict[str, Any]:
    """Give what both sorts of profile show, with a name in one of the languages."""
    language = chosen_language(profile.texts, languages)
    text = profile.texts[language] if language else {"name": profile.organisation.name}
    return {
        "organisation_id": profile.organisation_id,
        "name": text["name"],
        "about": text.get("about"),
        "language": language,
        "country": profile.organisation.country,
        "website": profile.website or profile.organisation.website,
        "kinds": profile.kinds,
        "genres": profile.genres,
        "territories": profile.territories,
        "media": profile.media,
        "languages": profile.languages,
        "updated_at": profile.updated_at,
        "texts": profile.texts,
        "contacts": profile.contacts,
        "created_at": profile.created_at,
    }


def headers_of(profile: SellerProfile | BuyerProfile, languages: tuple[str, ...]) -> dict[str, str]:
    """Give `ETag` and `Content-Language`; the ETag covers what is the organisation's own, too."""
    language = chosen_language(profile.texts, languages)
    etag = etag_of(profile.version, f"{profile.organisation.version}-{language or ''}")
    return {"ETag": etag} | content_language([language])


def content_language(languages: Iterable[str | None]) -> dict[str, str]:
    """Give the `Content-Language` of an answer, where it is in any known one."""
    known = dict.fromkeys(language for language in languages if language)
    return {"Content-Language": ", ".join(known)} if known else {}


def require_current(if_match: str | None, profile: SellerProfile | BuyerProfile | None) -> None:
    """Hold a PUT to what its author read; with `If-Match` it creates nothing (RFC 9110, 13.1.1).

    Raises:
        PreconditionFailed: it changed since, or was never there.
    """
    if profile is not None:
        require_match(if_match, profile.version)
    elif if_match is not None:
        raise PreconditionFailed("There is no profile yet. Leave If-Match out to make one.")


def answer_put(response: Response, path: str, *, created: bool) -> None:
    """Say 201 and where it is, for what was not there before."""
    if created:
        response.status_code = 201
        response.headers["Location"] = path
