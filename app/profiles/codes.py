"""How a profile names territories and media: by the codes of the trees, one by one."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.trees import MEDIA, TERRITORIES
from app.trees.groups import GroupTree


def _reader(tree: GroupTree) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.startswith("-"):
            raise ValueError(
                f"A profile names every {tree.one} it is about: it can't take one away."
            )
        return tree.code_of(text)

    return read


Territory = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60),
    AfterValidator(_reader(TERRITORIES)),
    Field(
        description="A country of ISO 3166-1 or a group of them: a code of `GET /v1/territories`.",
        examples=["CENTRAL_ASIA"],
    ),
]
Medium = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60),
    AfterValidator(_reader(MEDIA)),
    Field(description="A medium or a group of them: a code of `GET /v1/media`.", examples=["SVOD"]),
]
