"""Every setting is documented with its default; `python -m tests.test_settings` does it."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter
from pydantic_core import PydanticUndefined

from app.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
BEGIN = "<!-- from app/settings.py, by `python -m tests.test_settings` -->\n"


def rows() -> Iterator[str]:
    yield "| variable | default | what it is |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        default = "**needed**" if field.default is PydanticUndefined else written(field.default)
        yield f"| `FILMMART_{name.upper()}` | {default} | {field.description} |"


def written(default: object) -> str:
    """Write a default as it would stand in the environment."""
    if default is None:
        return "none"
    as_json = TypeAdapter(type(default)).dump_json(default).decode()
    return "`" + as_json.strip('"') + "`"


def page() -> str:
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return head + BEGIN + "\n" + "\n".join(rows()) + "\n"


def test_every_setting_is_documented_with_its_default() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.test_settings`"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
