"""Our own endpoints written the ordinary way: ORM, relationships, `response_model`.

Served beside the real ones to tell what the hot path is worth: same tables, answers and sign-in.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, joinedload

from app.authentication import Actors
from app.catalogue.answers import SellerRef, TitleItem
from app.db import open_database
from app.deps import MarketActor
from app.ids import Id
from app.models import Title, TitleState
from app.pagination import ItemPage
from app.security import Signer
from app.settings import load_settings


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = load_settings()
    database = await open_database(settings)
    signer = Signer(settings.secret_key.get_secret_value(), settings.access_token_lifetime)
    app.state.database = database
    app.state.actors = Actors(database, signer, settings)
    yield
    await database.close()


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.database.session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(_session)]
app = FastAPI(lifespan=_lifespan)


def _item(title: Title) -> TitleItem:
    values = {name: getattr(title, name) for name in TitleItem.model_fields if hasattr(title, name)}
    return TitleItem(
        **(
            values
            | {
                "title": title.original_title,
                "title_language": title.original_language,
                "logline": None,
                "seller": SellerRef(id=title.seller.id, name=title.seller.name),
            }
        )
    )


@app.get("/v1/titles")
async def list_titles(
    session: SessionDep, actor: MarketActor, limit: int = 20
) -> ItemPage[TitleItem]:
    """Give the newest titles."""
    del actor
    statement = (
        select(Title)
        .options(joinedload(Title.seller), defer(Title.search))
        .where(Title.state == TitleState.PUBLISHED, Title.part_of_id.is_(None))
        .order_by(Title.published_at.desc(), Title.id.desc())
        .limit(limit)
    )
    rows = (await session.scalars(statement)).all()
    return ItemPage(items=[_item(row) for row in rows], next_cursor=None)


@app.get("/v1/titles/{title_id}")
async def get_title(session: SessionDep, actor: MarketActor, title_id: Id) -> TitleItem:
    """Give a title."""
    del actor
    title = await session.get_one(
        Title, title_id, options=[joinedload(Title.seller), defer(Title.search)]
    )
    return _item(title)
