"""Commands that are imported when they are typed: the whole server takes seconds to import."""

import gc
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup


def lazy(commands: Mapping[str, str | typer.Typer]) -> type[TyperGroup]:
    """Make the `cls` of a command of commands, each named with its place: `"app.cli.serve:serve"`.

    One that has commands of its own stands there itself. Give the `typer.Typer` a callback, too,
    by which it knows that it is one of these: `typer.Typer(cls=lazy({...}), callback=nothing)`.
    """

    class Lazy(TyperGroup):
        def list_commands(self, ctx: object) -> list[str]:
            del ctx
            return [*commands]

        def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:
            del ctx
            return _load(cmd_name, commands[cmd_name]) if cmd_name in commands else None

    return Lazy


def nothing() -> None:
    """Do nothing before a command."""


def _load(name: str, place: str | typer.Typer) -> TyperCommand | TyperGroup:
    if isinstance(place, str):
        module, _, function = place.partition(":")
        group = typer.Typer(add_completion=False)
        group.command(name)(getattr(_imported(module), function))
    else:
        group = place
    command = cast("TyperCommand | TyperGroup", typer.main.get_command(group))
    command.name = name
    return command


def _imported(module: str) -> ModuleType:
    """Import a module, and look for no garbage meanwhile: there is none, and it takes a second."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()
