"""The migrations, from Python."""

from alembic import command
from alembic.config import Config

from app.schema import migrations


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database to this version's schema; nothing to do is fine."""
    config = configured()
    config.attributes["url"] = url
    command.upgrade(config, revision)


def configured() -> Config:
    """Tell Alembic where the migrations are, installed or in a clone."""
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
