"""What goes out of avails."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.ids import Id

_UNSAID: dict[str, JsonValue] = {
    "title_id": "116823110451200001",
    "offering_id": "116823110451200077",
    "unsaid": ["THEATRICAL", "REMAKE", "at least 365 days"],
}


class UnsaidOut(BaseModel):
    """What of an offering Avails have no words for."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_UNSAID]})

    title_id: Id
    offering_id: Id
    unsaid: list[str] = Field(
        description="Media, languages, terms, kinds of title and fields, in words for people."
    )
