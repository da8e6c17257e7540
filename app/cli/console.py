"""How the command talks to the person at the terminal."""

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def refuse(error: Exception) -> None:
    """Say in a sentence what is wrong."""
    for sentence in sentences(error):
        err.print(f"[bold red]filmmart:[/] {escape(sentence)}", soft_wrap=True)


def sentences(error: Exception) -> list[str]:
    """Put an error into words: one sentence for each setting that is missing or wrong."""
    if not isinstance(error, ValidationError):
        return [str(error)]
    return [
        f"FILMMART_{'_'.join(map(str, fault['loc'])).upper()} "
        + ("is not set." if fault["type"] == "missing" else f"is wrong: {fault['msg']}.")
        if fault["loc"]
        else f"{fault['msg'].removeprefix('Value error, ')}."  # of several that go together
        for fault in error.errors(include_input=False)
    ]


def first_line(error: BaseException | None) -> str:
    """Give the first line of what PostgreSQL said."""
    return str(error).strip().partition("\n")[0]
