"""`filmmart create-organiser`."""

import asyncio
import secrets
from typing import Annotated

import typer
from pydantic import ValidationError

from app.accounts.organisers import create_organiser as create
from app.accounts.schemas import OrganisationSignUp
from app.cli.console import out
from app.cli.installation import DATA, ConfigurationError, Data, installation
from app.cli.schema_checks import require_head
from app.db import open_database
from app.errors import Problem
from app.settings import Settings


def create_organiser(
    email: Annotated[str, typer.Option(prompt="E-mail", help="What they sign in with.")],
    name: Annotated[str, typer.Option(prompt="Name", help="The person's name.")],
    organisation: Annotated[
        str, typer.Option(prompt="Organisation", help="The company that runs the market.")
    ],
    country: Annotated[
        str, typer.Option(prompt="Country, by two letters", help="ISO 3166-1, as CN.")
    ],
    time_zone: Annotated[str, typer.Option(help="IANA name, as Asia/Shanghai.")] = "UTC",
    *,
    generate_password: Annotated[
        bool, typer.Option("--generate-password", help="Make a password and print it, once.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Make somebody who runs the market: the first one can only be made here.

    Organisers approve companies, and see everything. Asks for a password unless
    --generate-password makes one. Later organisers are invited over the API.
    """
    password = secrets.token_urlsafe(15) if generate_password else _ask_password()
    wanted = _checked(
        {
            "name": organisation,
            "country": country,
            "person": {
                "email": email,
                "name": name,
                "password": password,
                "time_zone": time_zone,
            },
        }
    )
    with installation(data) as settings:
        require_head(settings.database_url)
        asyncio.run(_create(settings, wanted))
    out.print(f"{wanted.person.email} of {wanted.name} can sign in as an organiser.")
    if generate_password:
        out.print(f"Password, shown this once: {password}", markup=False)


def _ask_password() -> str:
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _checked(values: dict[str, object]) -> OrganisationSignUp:
    try:
        return OrganisationSignUp.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        raise ConfigurationError(f"{fault['loc'][-1]}: {fault['msg']}.") from error


async def _create(settings: Settings, wanted: OrganisationSignUp) -> None:
    database = await open_database(settings)
    try:
        async with database.session() as session, session.begin():
            await create(session, wanted)
    except Problem as problem:
        raise ConfigurationError(str(problem.detail)) from problem
    finally:
        await database.close()
