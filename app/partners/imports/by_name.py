"""The mapping of a file that comes without one: its columns bear the names of our fields."""

import re
from typing import Any

from app.catalogue.values import normal_language
from app.partners.imports.fields import FIELDS, ROLES, TEXTS
from app.partners.imports.mapping import Mapping, read_mapping
from app.partners.imports.rules import Shape

SEPARATOR = ";"
_TEXT_COLUMN = re.compile(rf"({'|'.join(TEXTS)})_([a-z]{{2,3}}(?:[_-][a-z0-9]+)*)")
_ROLES = {role: role for role in ROLES} | {f"{role}s": role for role in ROLES}


def mapping_by_name(columns: list[str], *, has_json: bool) -> Mapping:
    """Map every column that bears the name of a field; what has several values is split at `;`.

    Texts are `title_en`, `logline_zh`, `synopsis_pt-BR`; people `director` or `directors`.
    """
    said: dict[str, Any] = {"fields": {}, "texts": {}, "credits": []}
    for column in columns:
        name = column.strip().casefold().replace(" ", "_")
        shape = FIELDS.get(name)
        if shape in {Shape.JSON, Shape.RECORDS} and not has_json:
            continue
        if shape is not None:
            said["fields"].setdefault(name, _rule(column, shape))
        elif name in _ROLES:
            said["credits"].append({"role": _ROLES[name], "column": column, "split": [SEPARATOR]})
        elif (found := _TEXT_COLUMN.fullmatch(name)) and (tag := _tag(found[2])):
            said["texts"].setdefault(tag, {}).setdefault(found[1], column)
    return read_mapping(said, "The mapping by column names")


def _rule(column: str, shape: Shape) -> dict[str, Any]:
    rule: dict[str, Any] = {"column": column}
    return rule | {"split": [SEPARATOR]} if shape is Shape.LINES else rule


def _tag(text: str) -> str | None:
    try:
        return normal_language(text)
    except ValueError:
        return None
