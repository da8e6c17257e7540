"""Names of schemas as programs want them: a word each, the same in the title.

FastAPI calls a model that is read otherwise than it is written `Money-Input` and `Money-Output`.
Generators make classes of titles; two of one name, or a name with a hyphen, and they make none.
"""

from typing import Any

Json = dict[str, Any]
_REFERENCE = "#/components/schemas/"


def name_plainly(document: Json) -> None:
    """Name what is answered `Money` and what is sent `MoneyIn`; title each schema by its name."""
    schemas: Json = document["components"]["schemas"]
    names = {name: _plain(name, schemas) for name in schemas}
    document["components"]["schemas"] = {names[name]: schemas[name] for name in schemas}
    for name, schema in document["components"]["schemas"].items():
        if "title" in schema:
            schema["title"] = name
    _rename(document, {_REFERENCE + old: _REFERENCE + new for old, new in names.items()})


def _plain(name: str, taken: Json) -> str:
    plain = name.removesuffix("-Output").replace("-Input", "In")
    return name if plain in taken else plain


def _rename(part: Any, references: dict[str, str]) -> None:  # noqa: ANN401  # JSON
    if isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str) and value in references:
                part[key] = references[value]
            else:
                _rename(value, references)
    elif isinstance(part, list):
        for each in part:
            _rename(each, references)
