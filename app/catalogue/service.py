"""Titles: what their sellers do with them."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app import events
from app.actors import Actor
from app.catalogue.indexing import FACTS, given_of, indexed, row_of, texts_of
from app.catalogue.parts import (
    require_fit_for_parts,
    require_place,
    require_published_whole,
)
from app.catalogue.rules import PLACE, contradictions, missing_to_publish
from app.catalogue.schemas import TextIn, TitleIn, TitlePatch
from app.catalogue.visibility import is_visible
from app.db import constraint_of
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.catalogue import Title, TitleState, TitleText

MAX_TEXTS = 60
TAKEN = {
    "uq_titles_seller_id_reference": (
        "reference_taken",
        "You have a title of this reference already.",
    ),
    "uq_titles_part_number": ("number_taken", "Another part of the same title has this number."),
}


async def get_own(session: AsyncSession, actor: Actor, id_: int) -> Title:
    """Give a title of the actor's organisation, with its texts, and keep others from changing it.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: another company sells it.
    """
    title = await _lock(session, actor, id_)
    if not actor.belongs_to(title.seller_id):
        raise Forbidden("Only the title's seller may do this.", code="not_the_seller")
    return title


async def get_to_withdraw(session: AsyncSession, actor: Actor, id_: int) -> Title:
    """Give a title that the actor may take off the market: organisers may do it with any.

    Raises:
        NotFound: it isn't there, or isn't the actor's to see.
        Forbidden: another company sells it.
    """
    return await (_lock if actor.is_organiser else get_own)(session, actor, id_)


async def _lock(session: AsyncSession, actor: Actor, id_: int) -> Title:
    statement = (
        select(Title)
        .where(Title.id == id_, is_visible())
        .options(selectinload(Title.texts))
        .with_for_update()
        .params(organisation_id=actor.organisation_id)
    )
    title = await session.scalar(statement)
    if title is None:
        raise NotFound("title")
    return title


async def create(session: AsyncSession, actor: Actor, wanted: TitleIn) -> Title:
    """Make a draft.

    Raises:
        Invalid: it can't be part of what it is to be part of.
        Conflict: the seller has a title of this reference, or the whole a part of this number.
    """
    row, texts = row_of(wanted), texts_of(wanted)
    title = Title(
        seller_id=actor.organisation_id,
        state=TitleState.DRAFT,
        texts=[TitleText(language=language, **said) for language, said in texts.items()],
        **row,
    )
    await require_place(session, title)
    _index(title)
    session.add(title)
    await _flush(session)
    _record(session, actor, title, "title.created")
    return title


async def update(session: AsyncSession, actor: Actor, title: Title, patch: TitlePatch) -> None:
    """Change what is said of a title; what the patch leaves out stays.

    Raises:
        Invalid: what comes out contradicts itself, or lacks what a published title needs.
        Conflict: the seller has another title of this reference, the whole another part of this
            number, or what a published part is moved to is not published.
    """
    given = given_of(patch)
    changed = sorted(name for name, value in given.items() if getattr(title, name) != value)
    for name in changed:
        setattr(title, name, given[name])
    if changed:
        _require_sense(title)
        await _require_relations(session, title, changed)
        _index(title)
        await _flush(session)
        _record(session, actor, title, "title.updated", changed=changed)


async def publish(session: AsyncSession, actor: Actor, title: Title) -> None:
    """Put a title on the market; one that was withdrawn returns to its old place in the list.

    Raises:
        Conflict: it doesn't say yet what the market has to know, or is part of a title that is
            not published.
    """
    if title.state is TitleState.PUBLISHED:
        return
    missing = list(missing_to_publish(_facts(title), len(title.texts)))
    if missing:
        raise Conflict(
            "The title can't be published yet: see errors.",
            code="incomplete",
            errors=[{"pointer": f"/{name}", "detail": detail} for name, detail in missing],
        )
    await require_published_whole(session, title)
    title.state = TitleState.PUBLISHED
    title.published_at = title.published_at or datetime.now(UTC)
    await session.flush()
    _record(session, actor, title, "title.published")


async def withdraw(session: AsyncSession, actor: Actor, title: Title) -> None:
    """Take a title off the market; withdrawing twice is withdrawing once.

    Raises:
        Conflict: it is a draft, which the market has never seen.
    """
    if title.state is TitleState.WITHDRAWN:
        return
    if title.state is TitleState.DRAFT:
        raise Conflict(
            "A draft is not on the market; there is nothing to withdraw.", code="not_published"
        )
    title.state = TitleState.WITHDRAWN
    await session.flush()
    _record(session, actor, title, "title.withdrawn")


async def set_text(
    session: AsyncSession, actor: Actor, title: Title, language: str, wanted: TextIn
) -> bool:
    """Say of a title in one language what is wanted, in place of all before; tell if it is new.

    Raises:
        Conflict: the title has texts in as many languages as it may.
    """
    said = wanted.model_dump()
    told = next((text for text in title.texts if text.language == language), None)
    if told is None:
        if len(title.texts) >= MAX_TEXTS:
            raise Conflict(
                f"A title has texts in {MAX_TEXTS} languages at most.", code="too_many_texts"
            )
        title.texts.append(TitleText(language=language, **said))
    elif all(getattr(told, name) == value for name, value in said.items()):
        return False
    else:
        for name, value in said.items():
            setattr(told, name, value)
    await _changed_texts(session, actor, title, "title.text_set", language)
    return told is None


async def delete_text(session: AsyncSession, actor: Actor, title: Title, language: str) -> None:
    """Unsay what is said of a title in one language.

    Raises:
        NotFound: nothing is.
        Conflict: the title is published, and would be left with no text at all.
    """
    told = next((text for text in title.texts if text.language == language), None)
    if told is None:
        raise NotFound("text")
    if title.state is TitleState.PUBLISHED and len(title.texts) == 1:
        raise Conflict(
            "A published title needs a text in one language at least. Withdraw it first, or put "
            "another text beside this one.",
            code="last_text",
        )
    title.texts.remove(told)
    await _changed_texts(session, actor, title, "title.text_deleted", language)


async def _changed_texts(
    session: AsyncSession, actor: Actor, title: Title, type_: str, language: str
) -> None:
    _index(title)
    # A text is part of its title: the title's version counts this edit, whatever else it changed.
    title.updated_at = datetime.now(UTC)
    await session.flush()
    _record(session, actor, title, type_, language=language)


def _index(title: Title) -> None:
    texts = [
        {"title": text.title, "logline": text.logline, "synopsis": text.synopsis}
        for text in title.texts
    ]
    row = _facts(title) | {"seller_id": title.seller_id}
    for name, value in indexed(row, texts).items():
        setattr(title, name, value)


def _facts(title: Title) -> dict[str, object]:
    return {name: getattr(title, name) for name in FACTS}


def _require_sense(title: Title) -> None:
    facts = _facts(title)
    complaints = list(contradictions(facts))
    if title.state is TitleState.PUBLISHED:
        complaints += missing_to_publish(facts, len(title.texts))
    if complaints:
        raise Invalid(
            "The title can't be left like this: see errors.",
            errors=[{"pointer": f"/{name}", "detail": detail} for name, detail in complaints],
        )


async def _require_relations(session: AsyncSession, title: Title, changed: list[str]) -> None:
    if {"kind", *PLACE}.intersection(changed):
        await require_place(session, title)
    if "kind" in changed:
        await require_fit_for_parts(session, title)


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        taken = TAKEN.get(constraint_of(error) or "")
        if taken is None:
            raise
        raise Conflict(taken[1], code=taken[0]) from None


def _record(session: AsyncSession, actor: Actor, title: Title, type_: str, **data: object) -> None:
    events.record(
        session,
        actor,
        type_,
        title.id,
        organisation_ids=[title.seller_id],
        is_public=title.state is TitleState.PUBLISHED or type_ == "title.withdrawn",
        data={"seller_id": str(title.seller_id), **data},
    )
