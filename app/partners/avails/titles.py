"""The titles that avails are about: found by the seller's references, or made."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ARRAY, Text, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.actors import Actor
from app.catalogue.bulk import NUMBER_TAKEN, Outcome, Upserted, upsert_many
from app.catalogue.schemas import TitleIn
from app.catalogue.values import normal_eidr, normal_language
from app.models.catalogue import Title, TitleState
from app.models.vocabulary import CreditRole, Kind
from app.partners.avails import ours
from app.partners.avails.works import Work

Key = tuple[str, str]
_NUMBERS = ("season_number", "volume_number", "episode_number")


@dataclass(slots=True)
class Titles:
    """The titles of a batch's works, and why some have none."""

    ids: dict[Key, int] = field(default_factory=dict)
    # Which field, and what is wrong with it
    refused: dict[Key, tuple[str, str]] = field(default_factory=dict)
    unpublished: dict[Key, tuple[str, str]] = field(default_factory=dict)
    created: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    kind: Kind
    state: TitleState
    reference: str | None


async def titles_of(
    session: AsyncSession,
    actor: Actor | None,
    seller_id: int,
    works: Iterable[Work],
    *,
    publish: bool,
) -> Titles:
    """Find the title of each work and of what it is part of; make those that are new.

    A title that is there stays as it is: avails bring rights, not descriptions. With `publish`,
    new titles and drafts are published if they have what the market must know.
    """
    wanted = _with_wholes(works)
    known = await _known(session, seller_id, wanted.values())
    titles = Titles()
    for level in _levels(wanted.values()):
        new, drafts = [], []
        for work in level:
            found = _found(work, known)
            if found is None:
                new.append(work)
                continue
            titles.ids[work.key] = found.id
            if publish and found.state is TitleState.DRAFT and found.reference:
                drafts.append((work, _unchanged(found)))
        described = _described(new, known, titles)
        await _put(session, actor, seller_id, described, titles, publish=publish)
        await _put(session, actor, seller_id, drafts, titles, publish=publish)
    return titles


def _found(work: Work, known: dict[str, _Known | None]) -> _Known | None:
    """Give the first title of the work's references that may be it."""
    titles = (known.get(reference) for reference in work.candidates)
    return next((title for title in titles if title and work.may_be(title.kind)), None)


def _with_wholes(works: Iterable[Work]) -> dict[Key, Work]:
    """Give each work and what it is part of, once each.

    Of a season, a row about it says more than a row about an episode; else the first one stands.
    """
    own = list(works)
    found: dict[Key, Work] = {}
    for work in own:
        found.setdefault(work.key, work)
    for work in own:
        whole = work.part_of
        while whole is not None:
            found.setdefault(whole.key, whole)
            whole = whole.part_of
    return found


def _levels(works: Iterable[Work]) -> Iterator[list[Work]]:
    """Give wholes before their parts."""
    left = list(works)
    depth = 0
    while left:
        yield [work for work in left if _depth(work) == depth]
        left = [work for work in left if _depth(work) > depth]
        depth += 1


def _depth(work: Work) -> int:
    return 0 if work.part_of is None else 1 + _depth(work.part_of)


async def _known(
    session: AsyncSession, seller_id: int, works: Iterable[Work]
) -> dict[str, _Known | None]:
    """Look every reference up by itself: see `app.catalogue.bulk_rows`.

    A title that went out without one comes back by the identifier that it was given.
    """
    references = list(dict.fromkeys(each for work in works for each in work.candidates))
    sought = func.unnest(bindparam("references", references, ARRAY(Text)))
    given = sought.table_valued("reference").render_derived("sought")
    title = (
        select(Title.id, Title.kind, Title.state, Title.reference)
        .where(Title.seller_id == seller_id, Title.reference == given.c.reference)
        .limit(1)
        .lateral("title")
    )
    rows = await session.execute(select(title).select_from(given.join(title, true())))
    known: dict[str, _Known | None] = {row.reference: _Known(*row) for row in rows}
    if ids := ours.title_ids(references):
        exported = await session.execute(
            select(Title.id, Title.kind, Title.state, Title.reference)
            .where(Title.id.in_(ids), Title.seller_id == seller_id)
            .order_by(Title.id)
        )
        known |= {ids[row.id]: _Known(*row) for row in exported}
    return known


def _unchanged(known: _Known) -> TitleIn:
    """Say nothing new of a title, so that it is published and no more."""
    said = TitleIn(reference=known.reference, kind=known.kind, original_title="-")
    return TitleIn.model_construct({"reference"}, **said.__dict__)


def _described(
    works: Sequence[Work], known: dict[str, _Known | None], titles: Titles
) -> list[tuple[Work, TitleIn]]:
    """Describe titles to be made, each under the first of its references that is free."""
    described = []
    for work in works:
        reference = next((each for each in work.candidates if each not in known), None)
        if reference is None:
            titles.refused[work.key] = ("reference", "is that of another title")
            continue
        try:
            described.append((work, _title(work, reference, titles)))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(each) for each in first["loc"])
            titles.refused[work.key] = (name, first["msg"])
        except LookupError:
            problem = "can't be: what it is part of is refused"
            titles.refused[work.key] = ("part_of_id", problem)
        else:
            known[reference] = None
    return described


def _title(work: Work, reference: str, titles: Titles) -> TitleIn:
    """Describe a title.

    Raises:
        LookupError: what it is part of has no title.
        ValidationError: it can't be so.
    """
    part_of_id = titles.ids[work.part_of.key] if work.part_of else None
    said: dict[str, Any] = {
        "reference": reference,
        "kind": work.kind,
        "original_title": work.title,
        "part_of_id": str(part_of_id) if part_of_id else None,
        "season_number": work.season_number,
        "volume_number": work.volume_number,
        "episode_number": work.episode_number,
        "seasons": work.seasons,
        "episodes": work.episodes,
        "year": work.year,
        "runtime_minutes": work.minutes,
        "eidr": _eidr(work.eidr),
        "credits": [{"role": CreditRole.DIRECTOR, "name": name} for name in work.directors],
        "texts": _texts(work),
    }
    return TitleIn(**{name: value for name, value in said.items() if value})


def _eidr(said: str) -> str | None:
    try:
        return normal_eidr(said)
    except ValueError:
        return None


def _texts(work: Work) -> dict[str, dict[str, str]]:
    try:
        language = normal_language(work.language)
    except ValueError:
        return {}
    return {language: {"title": work.display or work.title}}


async def _put(
    session: AsyncSession,
    actor: Actor | None,
    seller_id: int,
    described: Sequence[tuple[Work, TitleIn]],
    titles: Titles,
    *,
    publish: bool,
) -> None:
    """Put titles in; one whose number another part has goes in without it."""
    if not described:
        return
    done = await upsert_many(
        session, actor, seller_id, [title for _, title in described], publish=publish
    )
    again = []
    for (work, title), told in zip(described, done, strict=True):
        if _is_number_taken(told):
            again.append((work, title.model_copy(update=dict.fromkeys(_NUMBERS))))
        else:
            _note(work, told, titles)
    if again:
        done = await upsert_many(
            session, actor, seller_id, [title for _, title in again], publish=publish
        )
        for (work, _), told in zip(again, done, strict=True):
            _note(work, told, titles)


def _is_number_taken(told: Upserted) -> bool:
    return told.outcome is Outcome.REFUSED and [problem for _, problem in told.complaints] == [
        NUMBER_TAKEN
    ]


def _note(work: Work, told: Upserted, titles: Titles) -> None:
    if told.outcome is Outcome.REFUSED or told.title_id is None:
        titles.refused[work.key] = told.complaints[0]
        titles.ids.pop(work.key, None)
        return
    titles.ids[work.key] = told.title_id
    titles.created += told.outcome is Outcome.CREATED
    if told.complaints:
        titles.unpublished[work.key] = told.complaints[0]
