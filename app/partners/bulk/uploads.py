"""A request whose body is a file to import."""

from typing import IO

from fastapi import Request

from app.actors import Actor
from app.deps import admit_to_market
from app.errors import UnsupportedMediaType
from app.partners.bodies import FileRoute
from app.partners.bulk.files import new_key
from app.partners.bulk.formats import FORMATS
from app.settings import Settings

TAKEN = tuple(FORMATS)
_WORKBOOK = b"PK\x03\x04"
# What comes instead now and then, and what to do about it
_OTHERS = (
    (b"%PDF", "The file is a PDF: send the table that it was made from."),
    (b"\xd0\xcf\x11\xe0", "The file is an old .xls workbook, or locked: save it as an open .xlsx."),
    (b"\x1f\x8b", "The file is compressed: send it unpacked."),
)


class UploadRoute(FileRoute):
    """A route that a company of the market sends a file to."""

    taken = TAKEN

    async def admit(self, request: Request) -> Actor:
        """Let the companies of the market in."""
        return await admit_to_market(request)

    def key(self, actor: Actor, media_type: str) -> str:
        """Name the object by whose it is and what it is."""
        return new_key(actor, FORMATS[media_type])

    def most(self, settings: Settings) -> int:
        """Give the bytes that a file may have."""
        return settings.import_max_bytes

    def look(self, file: IO[bytes]) -> None:
        """Look at the first bytes; the worker looks at the rest.

        Raises:
            UnsupportedMediaType: they are not those of a table.
        """
        head = file.read(len(_WORKBOOK))
        if not head:
            raise UnsupportedMediaType("The file is empty.", headers={"Accept": ", ".join(TAKEN)})
        for begins, refusal in _OTHERS:
            if head.startswith(begins):
                raise UnsupportedMediaType(refusal, headers={"Accept": ", ".join(TAKEN)})
