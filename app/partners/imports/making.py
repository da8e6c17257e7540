"""Titles, and what they hold, put together of values that were checked: validating costs more."""

from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from app.catalogue.rules import EXTENT, FUNDING, PLACE, contradiction, default_stage
from app.catalogue.schemas import Credit, Line, Reference, ShortLine, Synopsis, TextIn, TitleIn
from app.models.vocabulary import CreditRole
from app.partners.imports.fields import MANDATORY
from app.partners.imports.titles import COMPANY, LONG_NAME, person_of

STAGE, TEXTS = "stage", "texts"
_RELATED = frozenset({STAGE, *EXTENT, *PLACE, *FUNDING})
_FIELDS = TitleIn.model_fields
_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(
        Annotated[field.annotation, name, *field.metadata],  # type: ignore[arg-type]  # made here
        config=ConfigDict(str_strip_whitespace=True),
    )
    for name, field in _FIELDS.items()
}
Model = TypeVar("Model", bound=BaseModel)


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in model.model_fields.items()
    }


def _longest(kind: Any) -> int:  # noqa: ANN401  # a type of the schemas
    limits = [each.max_length for each in get_args(kind) if isinstance(each, StringConstraints)]
    return limits[0] or 0


_OF_TITLE, _OF_TEXT = _defaults(TitleIn), _defaults(TextIn)
# What is given of a person without a character; nobody changes it.
_PERSON = {"role", "name"}
_new, _set = object.__new__, object.__setattr__
# Texts of which nothing is asked but that they are no longer
LINES = {"reference": _longest(Reference), "original_title": _longest(Line)}
SAID = {"title": _longest(Line), "logline": _longest(Line), "synopsis": _longest(Synopsis)}
_ROLES = {role.value: role for role in CreditRole}
_NAME = min(_longest(ShortLine), LONG_NAME)

Values = dict[str, Any]


class Odd(Exception):  # noqa: N818  # no error: the row goes the long way
    """There is something to tell."""


def is_line(text: Any, longest: int) -> bool:  # noqa: ANN401  # whatever a file holds
    """Tell of a text that it is right as it stands, as most are; of others, nothing is known."""
    return (
        type(text) is str
        and 0 < len(text) <= longest
        and text.isprintable()
        and " " not in (text[0], text[-1])
    )


def _made(model: type[Model], values: Values, given: set[str]) -> Model:
    """Put a model together of values that were checked, of which so many were given."""
    made = _new(model)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", given)
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


def value_of(name: str, value: Any) -> Any:  # noqa: ANN401  # whatever the field holds
    """Give what the field of a title makes of a value, or say that it is none."""
    if is_line(value, LINES.get(name, 0)):
        return value
    try:
        return _ADAPTERS[name].validate_python(value)
    except ValidationError:
        raise Odd from None


def text_of(said: Values) -> TextIn:
    if "title" in said and all(is_line(text, SAID[name]) for name, text in said.items()):
        return _made(TextIn, _OF_TEXT | said, set(said))
    return _validated(TextIn, said)


def _validated(model: type[Model], said: Values) -> Model:
    try:
        return model.model_validate(said)
    except ValidationError:
        raise Odd from None


def credit_of(role: str, name: str) -> Credit:
    """Make somebody."""
    if is_line(name, _NAME):
        return _made(Credit, {"role": _ROLES[role], "name": name, "character": None}, _PERSON)
    return unusual_credit(role, name)


def unusual_credit(role: str, found: Any) -> Credit:  # noqa: ANN401  # a text, or a record
    made = _validated(Credit, person_of(role, found))
    if len(made.name) > LONG_NAME and role != COMPANY:
        raise Odd
    return made


def title_of(values: Values) -> TitleIn:
    """Put a title together of values that were checked, as they go with each other."""
    if not all(map(values.get, MANDATORY)):
        raise Odd
    told = _OF_TITLE | values
    if told[STAGE] is None:
        told[STAGE] = default_stage(told["kind"])
    for name in _RELATED:
        if told[name] is not None and contradiction(name, told[name], told):
            raise Odd
    return _made(TitleIn, told, set(values))
