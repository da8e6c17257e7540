"""The codes that sets of rights are written with: for everybody, signed in or not."""

import hashlib
from datetime import date
from functools import cache, lru_cache

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.deps import IfNoneMatchDep, LanguagesDep
from app.etags import NOT_MODIFIED, not_modified
from app.rights.schemas import Day
from app.rights.tree_schemas import (
    MediaOut,
    MediumOut,
    MembershipOut,
    TerritoriesOut,
    TerritoryGroupOut,
    TerritoryOut,
)
from app.trees import MEDIA, TERRITORIES
from app.trees.groups import Group
from app.trees.media import OUTLINE
from app.trees.names import language_of_names, names_in
from app.trees.tree import today

router = APIRouter(tags=["rights"])


@router.get(
    "/territories",
    summary="List territories and their groups",
    response_model=TerritoriesOut,
    responses=NOT_MODIFIED,
)
async def get_territories(
    languages: LanguagesDep, if_none_match: IfNoneMatchDep, on: Day | None = None
) -> Response:
    """Give the countries of ISO 3166-1, and the groups of them that the trade sells in.

    A set of territories is a list of these codes, read from left to right: each adds what it
    stands for, with a `-` it takes that away. `["WORLD", "-CN", "-SCO"]` is the world without
    China and the SCO; a list that begins with a `-` begins with the world. A group has the members
    of today, or of the day that is named with it: `SCO@2022-01-01`. Sets are given in the shortest
    such form.
    """
    language = language_of_names(languages)
    body, etag = _territories(on or today(), language)
    headers = {"ETag": etag, "Content-Language": language, "Vary": "Accept-Language"}
    return _answer(body, if_none_match, headers)


@router.get("/media", summary="List media", response_model=MediaOut, responses=NOT_MODIFIED)
async def get_media(if_none_match: IfNoneMatchDep) -> Response:
    """Give the media that rights are sold for, as an outline: groups, and what stands in them.

    A set of media is written as a set of territories is: `["SVOD", "AVOD"]`, `["ALL", "-TV"]`.
    """
    body, etag = _media()
    return _answer(body, if_none_match, {"ETag": etag})


def _answer(body: bytes, if_none_match: str | None, headers: dict[str, str]) -> Response:
    if not_modified(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@lru_cache(maxsize=64)
def _territories(on: date, language: str) -> tuple[bytes, str]:
    names = names_in(language)
    leaves = [TerritoryOut(code=code, name=names[code]) for code in sorted(TERRITORIES.leaves)]
    groups = [_group(group, names[code], on) for code, group in TERRITORIES.groups.items()]
    return _written(TerritoriesOut(on=on, territories=leaves, groups=groups))


def _group(group: Group, name: str, on: date) -> TerritoryGroupOut:
    memberships = [
        MembershipOut(territory=member.code, joined_on=member.since, left_on=member.until)
        for member in group.members
        if member.since
    ]
    members = sorted(TERRITORIES.members_of(group.code, on))
    return TerritoryGroupOut(
        code=group.code, name=name, territories=members, memberships=memberships
    )


@cache
def _media() -> tuple[bytes, str]:
    return _written(
        MediaOut(
            media=[
                MediumOut(
                    code=medium.code,
                    name=medium.name,
                    within=medium.within,
                    media=MEDIA.members_of(medium.code),
                    license_type=medium.license_type,
                )
                for medium in OUTLINE
            ]
        )
    )


def _written(answer: BaseModel) -> tuple[bytes, str]:
    """Give an answer's JSON, and the ETag that names it."""
    body = answer.model_dump_json().encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'
