"""What comes in and goes out of the screeners."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from app.accounts.schemas import Language, Out
from app.ids import Id
from app.incoming import Incoming
from app.models.screeners import ProcessingStage, RenditionKind, ScreenerState
from app.screeners.rules import MAX_PARTS, MAX_PARTS_TO_SIGN, MAX_SIZE_BYTES, composite_checksum

MD5_EXAMPLE = "9e107d9d372bb6826bd81d3542a419d6"
CHECKSUM_EXAMPLE = "3858f62230ac3c915f300c664312c63f-2"


class VideoType(StrEnum):
    """The containers a screener may come in."""

    MP4 = "video/mp4"
    QUICKTIME = "video/quicktime"
    MATROSKA = "video/x-matroska"
    WEBM = "video/webm"
    MPEG = "video/mpeg"
    TRANSPORT_STREAM = "video/mp2t"
    MXF = "application/mxf"


FileName = Annotated[
    str,
    # Neither control characters nor what separates folders
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/\\]+$"),
    Field(examples=["Сталкер.mp4"]),
]
Md5 = Annotated[
    str,
    StringConstraints(pattern="^[0-9a-f]{32}$"),
    Field(description="MD5, as 32 hexadecimal digits in lower case.", examples=[MD5_EXAMPLE]),
]
PartNumber = Annotated[
    int, Field(strict=True, ge=1, le=MAX_PARTS, description="From 1.", examples=[1])
]


class ScreenerIn(Incoming):
    """The file that will be uploaded: exactly this long."""

    file_name: FileName
    size_bytes: int = Field(
        strict=True,
        ge=1,
        le=MAX_SIZE_BYTES,
        description="At most 100 GiB.",
        examples=[1_610_612_736],
    )
    content_type: VideoType
    audio_language: Language | None = Field(default=None, description="BCP 47 of what is heard.")
    subtitle_language: Language | None = Field(
        default=None, description="BCP 47 of what is written in the picture."
    )


class ProcessingOut(Out):
    """How far a file is on its way to be watched."""

    stage: ProcessingStage
    progress: float = Field(ge=0, le=1, description="Of the stage.", examples=[0.42])
    waiting: str | None = Field(
        description="What it waits for, to be tried again: room on the worker's disk, the store.",
        examples=["The store does not answer."],
    )


class RenditionOut(Out):
    """One size of the picture, or one soundtrack."""

    name: str = Field(examples=["720p"])
    kind: RenditionKind
    language: str | None = Field(description="BCP 47 of what is heard.", examples=["ru"])
    label: str | None = Field(description="What the file calls it.", examples=["Commentary"])
    width: int | None = Field(examples=[1280])
    height: int | None = Field(examples=[720])
    bandwidth: int = Field(description="At most so many bits a second.", examples=[2_800_000])


class SubtitlesOut(Out):
    """A film's texts in one language."""

    language: str = Field(description="BCP 47.", examples=["en"])
    by_seller: bool = Field(description="Or found in the file.")
    created_at: datetime


class SubtitlesListOut(Out):
    """All languages in which a film can be read: they are few, and come at once."""

    items: list[SubtitlesOut]


class ScreenerOut(Out):
    """A title's file: where it stands, and what it is."""

    id: Id
    title_id: Id
    organisation_id: Id = Field(description="The seller.")
    state: ScreenerState
    reason: str | None = Field(description="Why it expired or was rejected.")
    file_name: str
    content_type: str
    size_bytes: int
    audio_language: str | None
    subtitle_language: str | None
    processing: ProcessingOut | None = Field(
        default=None, description="While the state is `processing`."
    )
    duration_seconds: float | None = Field(
        default=None, description="Once the file was probed.", examples=[9_720.48]
    )
    renditions: list[RenditionOut] = Field(default=[], description="Once it is ready.")
    subtitles: list[str] = Field(
        default=[], description="BCP 47 of the texts that can be shown.", examples=[["en", "zh"]]
    )
    checksum: str | None = Field(
        description="Once complete: MD5 of the parts' MD5s, and their number.",
        examples=[CHECKSUM_EXAMPLE],
    )
    completed_at: datetime | None
    created_at: datetime


class PartUrl(Out):
    """Where to PUT one part: these bytes, this many, with these headers."""

    number: PartNumber
    size_bytes: int = Field(description="Exactly so many: it is signed.")
    url: str = Field(
        examples=["https://store.example/filmmart/screeners/…?partNumber=1&X-Amz-Signature=…"]
    )
    headers: dict[str, str] = Field(
        description="Signed with the URL: send them as they are.",
        examples=[{"Content-Length": "16777216"}],
    )


class PartUrls(Out):
    """Signed URLs, and until when they are good."""

    parts: list[PartUrl]
    expires_at: datetime = Field(description="Ask for others then; the parts that arrived stay.")


class UploadOut(Out):
    """How the file is cut, and until when it must be complete."""

    part_bytes: int = Field(description="Length of every part but the last.", examples=[16_777_216])
    part_count: int = Field(examples=[96])
    expires_at: datetime = Field(description="What is unfinished then is thrown away.")


class ScreenerStarted(ScreenerOut):
    """A new screener and the first URLs of its upload."""

    upload: UploadOut
    part_urls: PartUrls


class PartWanted(Incoming):
    """A part that is about to be sent."""

    number: PartNumber
    md5: Md5 | None = Field(
        default=None, description="Given, it is signed: the store refuses other bytes."
    )


class PartUrlsIn(Incoming):
    """Parts to sign URLs for."""

    parts: list[PartWanted] = Field(min_length=1, max_length=MAX_PARTS_TO_SIGN)


class ArrivedPart(Out):
    """A part the store holds."""

    number: PartNumber
    size_bytes: int
    md5: Md5


class UploadProgress(UploadOut):
    """What of an upload has arrived."""

    parts: list[ArrivedPart] = Field(description="In the order of their numbers.")


class StatedPart(Incoming):
    """A part as the client computed it from its own file."""

    number: PartNumber
    md5: Md5


class Completion(Incoming):
    """What the client holds the store to: each part's MD5, the checksum made of them, or both."""

    parts: list[StatedPart] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_PARTS,
        description="Every part, in any order.",
        examples=[[{"number": 1, "md5": MD5_EXAMPLE}]],
    )
    checksum: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}-[1-9][0-9]{0,3}$")] | None = (
        Field(
            default=None,
            description="The MD5 of the parts' MD5s (as bytes, in order), `-`, and how many.",
            examples=[CHECKSUM_EXAMPLE],
        )
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.parts is None and self.checksum is None:
            raise ValueError("give parts, or checksum, or both")
        numbers = sorted(part.number for part in self.parts or [])
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError("parts must name every part from 1 on, each once")
        if None not in (self.parts, self.checksum) and self.checksum != self.expected_checksum:
            raise ValueError("checksum is not the one of these parts")
        return self

    @property
    def md5s(self) -> dict[int, str] | None:
        """Give the stated MD5s by part number."""
        return None if self.parts is None else {part.number: part.md5 for part in self.parts}

    @property
    def expected_checksum(self) -> str:
        """Give the checksum the whole must have."""
        if self.md5s is None:
            return self.checksum or ""
        return composite_checksum([self.md5s[number] for number in sorted(self.md5s)])
