"""A request whose body is a file of avails."""

from typing import IO

from fastapi import Request

from app.actors import Actor
from app.deps import admit_seller
from app.errors import UnsupportedMediaType
from app.partners.avails.files import require_avails
from app.partners.bodies import FileRoute, new_name
from app.partners.imports.rows import ImportRefused
from app.settings import Settings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XML = "application/xml"
TAKEN = (XLSX, XML, "text/xml")
# Under which the store keeps what waits to be imported
PREFIX = "avails/"
_HEAD = 1024


class UploadRoute(FileRoute):
    """A route that a seller sends avails to."""

    taken = TAKEN

    async def admit(self, request: Request) -> Actor:
        """Let sellers in."""
        return await admit_seller(request)

    def key(self, actor: Actor, media_type: str) -> str:
        """Name the object."""
        del actor, media_type
        return f"{PREFIX}{new_name()}"

    def most(self, settings: Settings) -> int:
        """Give the bytes that a file may have."""
        return settings.avails_max_bytes

    def look(self, file: IO[bytes]) -> None:
        """Look at the first bytes; the worker looks at the rest.

        Raises:
            UnsupportedMediaType: they are no workbook's, nor XML's.
        """
        try:
            require_avails(file.read(_HEAD))
        except ImportRefused as error:
            raise UnsupportedMediaType(str(error), headers={"Accept": ", ".join(TAKEN)}) from None
