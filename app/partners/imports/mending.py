"""What the API would refuse of a title, left out of it and told in plain words."""

from typing import Any

from pydantic import ValidationError

from app.partners.imports.fields import MANDATORY
from app.partners.imports.findings import Done, Matter, Remark

Data = dict[str, Any]
Place = tuple[str | int, ...]

_MATTERS = {
    "missing": Matter.MISSING,
    "enum": Matter.UNKNOWN,
    "extra_forbidden": Matter.UNKNOWN,
    "string_too_long": Matter.TOO_LONG,
    "too_long": Matter.TOO_LONG,
}
_LANGUAGE = "is no BCP 47 language tag, as ru or zh-Hans"
_CODES = {
    "countries": "is no country's code of ISO 3166-1, or 3166-3, as KZ or SU",
    "original_language": _LANGUAGE,
    "audio_languages": _LANGUAGE,
    "subtitle_languages": _LANGUAGE,
}


def mend(data: Data, blank: Data, error: ValidationError, remarks: list[Remark]) -> bool:
    """Leave out what is wrong, as `blank` has it; False where a title can't be without it."""
    mended = True
    items: dict[str, set[int]] = {}
    for fault in error.errors(include_url=False):
        place = tuple(part for part in fault["loc"] if part != "[key]")
        must_be = not place or place[0] in MANDATORY
        remarks.append(_remark(place, fault, Done.ROW_REFUSED if must_be else Done.LEFT_OUT))
        if must_be:
            mended = False
        elif len(place) > 1 and isinstance(place[1], int):
            items.setdefault(str(place[0]), set()).add(place[1])
        else:
            _leave_out(data, blank, place, fault)
    for field, places in items.items():
        data[field] = [item for at, item in enumerate(data[field]) if at not in places]
    return mended


def _leave_out(data: Data, blank: Data, place: Place, fault: Any) -> None:  # noqa: ANN401  # pydantic's record
    field = str(place[0])
    if fault["type"] == "too_long":
        data[field] = data[field][: fault["ctx"]["max_length"]]
    elif field == "texts" and len(place) > 2 and place[2] != "title":  # noqa: PLR2004
        data["texts"].get(place[1], {}).pop(place[2], None)
    elif len(place) > 1 and isinstance(data.get(field), dict):
        data[field].pop(place[1], None)
    elif field in blank and data[field] != blank[field]:
        data[field] = blank[field]
    else:
        data.pop(field, None)


def _remark(place: Place, fault: Any, done: Done) -> Remark:  # noqa: ANN401
    value = "" if fault["type"] in {"missing", "too_long"} else str(fault["input"])
    field = ".".join(str(part) for part in place if not isinstance(part, int))
    is_text = isinstance(fault["input"], str)
    problem = _CODES[field] if field in _CODES and is_text else _in_words(field, fault)
    if field == "stage":
        problem += "; a title without a stage is completed"
    return Remark(field, value, problem, _matter(place, fault), done)


def _matter(place: Place, fault: Any) -> Matter:  # noqa: ANN401
    if place and place[0] in _CODES and isinstance(fault["input"], str):
        return Matter.UNKNOWN
    return _MATTERS.get(fault["type"], Matter.IMPOSSIBLE)


def _in_words(field: str, fault: Any) -> str:  # noqa: ANN401, PLR0911  # a table of sentences
    context = fault.get("ctx", {})
    match fault["type"]:
        case "enum":
            return f"is not among the market's words for {field}"
        case "extra_forbidden":
            return "is no field of a title"
        case "missing":
            return "is missing"
        case "int_type":
            return "is no whole number"
        case "greater_than_equal":
            return f"is less than {context['ge']}"
        case "less_than_equal":
            return f"is more than {context['le']}"
        case "string_too_long":
            return f"is longer than {context['max_length']} characters"
        case "too_long":
            return f"has {context['actual_length']} entries: the first {context['max_length']} stay"
        case "string_unicode":
            return "is not in the encoding the file was read by"
        case _:
            message = str(fault["msg"]).removeprefix("Value error, ")
            return message.replace("Input should be", "must be")
