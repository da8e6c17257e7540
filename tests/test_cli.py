"""The `filmmart` command, run as a person runs it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
import psycopg
import pytest
from psycopg import sql

from app import schema
from app.cli import main
from app.cli.console import err, out
from app.local.processes import free_port, why_no_listening
from app.settings import load_settings
from tests.servers import Databases, S3Settings
from tests.test_local import is_alive

SECONDS = 60
SECRET = "0123456789abcdef0123456789abcdef"
Environment = dict[str, str]


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, and what it said."""

    code: object
    out: str
    err: str


class Terminal:
    """Runs commands in this process, as if typed in a folder with this environment."""

    def __init__(self, capsys: pytest.CaptureFixture[str], shell: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._shell = shell

    def given(self, **settings: str) -> None:
        for name, value in settings.items():
            self._shell.setenv(f"FILMMART_{name.upper()}", value)

    def forget(self, *names: str) -> None:
        for name in names:
            self._shell.delenv(f"FILMMART_{name.upper()}")

    def types(self, *lines: str) -> None:
        self._shell.setattr(sys, "stdin", StringIO("\n".join([*lines, ""])))

    def filmmart(self, *arguments: str) -> Done:
        load_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        said = self._capsys.readouterr()
        return Done(ended.value.code, " ".join(said.out.split()), " ".join(said.err.split()))


@pytest.fixture
def terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Terminal:
    """Sit down in an empty folder, with no FILMMART_ variable set."""
    for name in [*os.environ]:
        if name.startswith("FILMMART_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    out.width = err.width = 300
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def own_servers(database_url: str, s3_settings: S3Settings) -> dict[str, str]:
    """Give the settings of an installation with its own servers, as an operator makes them."""
    return {"database_url": database_url, "secret_key": SECRET, **s3_settings}


def clean() -> Environment:
    return {name: value for name, value in os.environ.items() if not name.startswith("FILMMART_")}


def environment_of(settings: dict[str, str]) -> Environment:
    return clean() | {f"FILMMART_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def started(
    *arguments: str, environment: Environment, cwd: Path
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "app.cli", *arguments]
    with (
        (cwd / "output").open("a") as output,
        subprocess.Popen(
            command, env=environment, cwd=cwd, stdout=output, stderr=output, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def status_of(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def wait_until_ready(port: int, process: subprocess.Popen[str], cwd: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while status_of(port, "/readyz") != http.HTTPStatus.OK:
        said = (cwd / "output").read_text()
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


def wait_until_said(words: str, cwd: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while words not in (cwd / "output").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def descendants(process: subprocess.Popen[str], marker: str) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.Error):  # dead, and not yet reaped
            if marker in {child.name(), *child.cmdline()}:
                found.append(child)
    return found


@pytest.mark.slow
def test_run_opens_a_market_keeps_it_open_and_leaves_nothing_behind(
    tmp_path: Path, terminal: Terminal
) -> None:
    port = free_port()
    with started("run", "--port", str(port), environment=clean(), cwd=tmp_path) as process:
        wait_until_ready(port, process, tmp_path)
        assert sign_in(port, "buyer@demo.example", "filmmart-demo") == http.HTTPStatus.OK
        everything = psutil.Process(process.pid).children(recursive=True)

        [worker] = descendants(process, "worker")
        worker.kill()
        wait_until_said("The worker has ended unexpectedly; starting it again.", tmp_path)

        descendants(process, "postgres")[0].kill()
        wait_until_said("PostgreSQL has ended", tmp_path)
        wait_until_ready(port, process, tmp_path)

        examined = terminal.filmmart("doctor")
        assert examined.code == 0, examined.out
        assert "playback by signed URL works" in examined.out

        second = terminal.filmmart("run", "--port", str(free_port()))
        assert second.code == 1
        assert "already in use by process" in second.err
        third = terminal.filmmart("run", "--port", str(port))
        assert third.code == 1
        assert third.err.startswith(f"filmmart: Nobody can listen on port {port}")
        assert f"make run PORT={port + 1}" in third.err

        everything += psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert not [child for child in everything if is_alive(child.pid)]
    said = (tmp_path / "output").read_text()
    for word in ("/docs", "organiser@demo.example", "seller@demo.example", "filmmart-demo"):
        assert word in said
    assert said.rstrip().endswith("Everything has stopped.")
    assert not (tmp_path / ".filmmart" / "environment").exists()


@pytest.mark.slow
def test_run_with_servers_of_its_own_starts_none_and_loads_no_demo(
    own_servers: dict[str, str], tmp_path: Path
) -> None:
    port, environment = free_port(), environment_of(own_servers)
    with started("run", "--port", str(port), environment=environment, cwd=tmp_path) as process:
        wait_until_ready(port, process, tmp_path)
        names = {child.name() for child in psutil.Process(process.pid).children(recursive=True)}
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
    assert not names & {"postgres", "rclone"}
    assert "demo.example" not in (tmp_path / "output").read_text()
    with psycopg.connect(own_servers["database_url"]) as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (0,)


@pytest.mark.slow
def test_run_starts_a_sandbox_beside_the_market_where_it_is_wanted(
    own_servers: dict[str, str], tmp_path: Path, terminal: Terminal
) -> None:
    port, environment = two_free_ports(), environment_of(own_servers)
    beside = own_servers["database_url"] + "_sandbox"
    arguments = ("run", "--port", str(port), "--sandbox")
    try:
        for _ in range(2):  # the second run finds what the first one made
            with started(*arguments, environment=environment, cwd=tmp_path) as process:
                wait_until_ready(port, process, tmp_path)
                wait_until_ready(port + 1, process, tmp_path)
                examined = terminal.filmmart("doctor", "--data", ".filmmart/sandbox")
                process.send_signal(signal.SIGTERM)
                assert process.wait(SECONDS) == 0
            assert f"http://127.0.0.1:{port + 1}" in examined.out
        assert f"http://127.0.0.1:{port + 1}/v1" in (tmp_path / "output").read_text()
        assert [schema.is_sandbox(url) for url in (own_servers["database_url"], beside)] == [
            *(False, True)
        ]
        terminal.given(**own_servers | {"database_url": beside})
        for command in ("serve", "worker", "migrate"):
            refused = terminal.filmmart(command)
            assert refused.code == 1
            assert "is a sandbox's: set FILMMART_SANDBOX=true" in refused.err
    finally:
        with psycopg.connect(own_servers["database_url"], autocommit=True) as connection:
            name = sql.Identifier(urlsplit(beside).path.strip("/"))
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def two_free_ports() -> int:
    """Find a port whose next one is free, too."""
    return next(port for port in iter(free_port, None) if why_no_listening(port + 1) is None)


def test_a_sandbox_wants_an_empty_database_and_a_key_and_a_bucket_of_its_own(
    databases: Databases, own_servers: dict[str, str], terminal: Terminal
) -> None:
    key = {"sandbox_key": "a" * 32}
    no_bucket = {name: value for name, value in own_servers.items() if name != "s3_bucket"}
    for given, said in (
        (own_servers | {"sandbox": "true"}, "FILMMART_SANDBOX_KEY goes with"),
        (own_servers | {"sandbox_url": "https://x.example"}, "FILMMART_SANDBOX_KEY goes with"),
        (own_servers | key, "FILMMART_SANDBOX_KEY goes with"),
        (own_servers | {"sandbox": "1", "sandbox_url": "http://x"} | key, "has no sandbox"),
        (no_bucket | {"sandbox": "true"} | key, "FILMMART_S3_BUCKET is not set"),
        (own_servers | {"sandbox_url": "x"}, "FILMMART_SANDBOX_URL is wrong"),
    ):
        terminal.given(**given)
        done = terminal.filmmart("migrate")
        assert done.code == 1
        assert said in done.err
        terminal.forget(*given)
    terminal.given(**own_servers, sandbox="true", **key)
    with psycopg.connect(own_servers["database_url"]) as connection:
        connection.execute(
            "INSERT INTO organisations (name, country, standing) VALUES ('Live', 'KZ', 'approved')"
        )
    for command in ("serve", "worker", "migrate"):
        assert "is a live market's" in terminal.filmmart(command).err
    with databases.fresh() as url:
        terminal.given(database_url=url)
        assert "run `filmmart migrate`" in terminal.filmmart("serve").err
        for _ in range(2):
            assert terminal.filmmart("migrate").code == 0
        assert schema.is_sandbox(url)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_lets_an_organiser_in_until_told_to_stop(
    own_servers: dict[str, str], tmp_path: Path, workers: str, terminal: Terminal
) -> None:
    terminal.given(**own_servers)
    terminal.types("boss@market.example", "Li Na", "The Market", "CN")
    made = terminal.filmmart("create-organiser", "--generate-password")
    assert made.code == 0, made.err
    password = made.out.rpartition(" ")[2]

    port, environment = free_port(), environment_of(own_servers)
    arguments = ("serve", "--port", str(port), "--workers", workers)
    with started(*arguments, environment=environment, cwd=tmp_path) as process:
        wait_until_ready(port, process, tmp_path)
        assert sign_in(port, "boss@market.example", password) == http.HTTPStatus.OK
        assert status_of(port, "/metrics") == http.HTTPStatus.OK
        process.send_signal(signal.SIGTERM)
        # uvicorn ends a single worker by the very signal it was sent
        assert process.wait(SECONDS) in {0, -signal.SIGTERM}
    assert "uvicorn.access" not in (tmp_path / "output").read_text()


def sign_in(port: int, email: str, password: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    form = urlencode({"grant_type": "password", "username": email, "password": password})
    kind = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/v1/oauth/token", form, kind)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_is_served_from_a_schema_that_is_not_at_head(
    own_servers: dict[str, str], terminal: Terminal, command: str
) -> None:
    with psycopg.connect(own_servers["database_url"]) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'an_older_one'")
    terminal.given(**own_servers)
    done = terminal.filmmart(command)
    assert done.code == 1
    assert "schema is at 'an_older_one'" in done.err
    assert "run `filmmart migrate`" in done.err


def test_missing_and_wrong_settings_are_each_named(terminal: Terminal) -> None:
    terminal.given(database_url="mysql://x", secret_key="short")
    done = terminal.filmmart("serve")
    assert done.code == 1
    assert "FILMMART_S3_ACCESS_KEY_ID is not set" in done.err
    assert "FILMMART_DATABASE_URL is wrong: Value error, must be a postgresql:// URL" in done.err
    assert "FILMMART_SECRET_KEY is wrong" in done.err
    assert "mysql" not in done.err


def test_a_port_that_cannot_be_had_is_said(own_servers: dict[str, str], terminal: Terminal) -> None:
    terminal.given(**own_servers)
    done = terminal.filmmart("serve", "--host", "no.such.host.example")
    assert done.code == 1
    assert "Nobody can listen on port 8000 of no.such.host.example" in done.err


def test_a_database_that_is_away_is_said_without_its_password(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    away = f"postgresql://filmmart:swordfish@127.0.0.1:{free_port()}/filmmart"
    terminal.given(**own_servers | {"database_url": away})
    done = terminal.filmmart("migrate")
    assert done.code == 1
    assert "PostgreSQL of FILMMART_DATABASE_URL does not answer" in done.err
    assert "swordfish" not in done.err


def test_migrate_brings_an_empty_database_to_head_and_says_so(
    own_servers: dict[str, str], databases: Databases, terminal: Terminal
) -> None:
    with databases.empty() as url:
        terminal.given(**own_servers | {"database_url": url})
        assert terminal.filmmart("migrate").out.startswith("From none to ")
        assert terminal.filmmart("migrate").out.startswith("Already at ")


def test_a_migration_that_fails_is_said_and_undone(
    own_servers: dict[str, str], databases: Databases, terminal: Terminal
) -> None:
    with databases.empty() as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE organisations (somebody_elses text)")
        terminal.given(**own_servers | {"database_url": url})
        done = terminal.filmmart("migrate")
        assert done.code == 1
        assert 'failed and was undone: relation "organisations" already exists' in done.err
        with psycopg.connect(url) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
        assert tables in ([("alembic_version",), ("organisations",)], [("organisations",)])


def test_a_store_that_is_away_does_not_stop_a_migration(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    terminal.given(**own_servers | {"s3_endpoint_url": f"http://127.0.0.1:{free_port()}"})
    done = terminal.filmmart("migrate")
    assert done.code == 0
    assert "could not be looked at: see `filmmart doctor`" in done.err


@pytest.mark.parametrize(
    ("email", "country", "sentence"),
    [
        ("no address", "CN", "email: value is not a valid email address"),
        ("a@market.example", "XX", "country: Value error, must be a country of ISO 3166-1"),
    ],
)
def test_create_organiser_refuses_nonsense_in_a_sentence(
    terminal: Terminal, email: str, country: str, sentence: str
) -> None:
    who = ("--email", email, "--name", "N", "--organisation", "O", "--country", country)
    done = terminal.filmmart("create-organiser", *who, "--generate-password")
    assert done.code == 1
    assert sentence in done.err


def test_create_organiser_refuses_a_second_of_the_same_address(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    terminal.given(**own_servers)
    who = ("--email", "a@b.example", "--name", "N", "--organisation", "O", "--country", "CN")
    assert terminal.filmmart("create-organiser", *who, "--generate-password").code == 0
    again = terminal.filmmart("create-organiser", *who, "--generate-password")
    assert again.code == 1
    assert "Somebody has this e-mail address already" in again.err


def test_openapi_is_written_without_any_installation(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.filmmart("openapi", "--output", "openapi.json").code == 0
    written = json.loads((tmp_path / "openapi.json").read_text())
    assert written == json.loads(terminal.filmmart("openapi").out)
    assert written["openapi"].startswith("3.1")


@pytest.mark.slow
def test_openapi_tells_what_breaks_clients_of_an_older_one(
    terminal: Terminal, tmp_path: Path
) -> None:
    assert terminal.filmmart("openapi", "--output", "old.json").code == 0
    same = terminal.filmmart("openapi", "--since", "old.json")
    assert (same.code, same.out) == (0, "")
    old = json.loads((tmp_path / "old.json").read_text())
    gone = {"get": {"operationId": "read_reels", "responses": {}}}
    (tmp_path / "old.json").write_text(json.dumps(old | {"paths": {"/v1/reels": gone}}))
    told = terminal.filmmart("openapi", "--since", "old.json")
    assert (told.code, told.out) == (1, "GET /v1/reels: removed")


def test_doctor_finds_nothing_bad_where_nothing_is(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    terminal.given(**own_servers, database_read_url=own_servers["database_url"])
    done = terminal.filmmart("doctor")
    assert done.code == 0, done.out
    assert "bad" not in done.out


def test_doctor_starts_the_embedded_servers_if_nobody_runs_them(terminal: Terminal) -> None:
    assert terminal.filmmart("migrate").code == 0
    done = terminal.filmmart("doctor", "--strict")
    assert done.code == 1
    assert "start `filmmart worker`" in done.out
    assert "bad" not in done.out


def test_doctor_names_what_is_wrong_and_what_to_do(
    own_servers: dict[str, str], databases: Databases, terminal: Terminal
) -> None:
    with databases.empty() as url:
        terminal.given(
            **own_servers
            | {
                "database_url": url,
                "database_read_url": f"postgresql://127.0.0.1:{free_port()}/x",
                "secret_key": "a" * 40,
                "public_url": "http://market.example",
                "s3_secret_access_key": "another key than the store has",
                "s3_bukcet": "misspelt",
            }
        )
        done = terminal.filmmart("doctor")
    assert done.code == 1
    for words in (
        "FILMMART_S3_BUKCET is no setting",
        "openssl rand -hex 32",
        "put TLS in front",
        "run `filmmart migrate`",
        "Check FILMMART_DATABASE_READ_URL",
        "does not answer",
    ):
        assert words in done.out


def test_titles_that_an_older_version_indexed_are_told_of_and_indexed_anew(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    terminal.given(**own_servers)
    with psycopg.connect(own_servers["database_url"], autocommit=True) as connection:
        connection.execute(
            "WITH company AS (INSERT INTO organisations (name, country, standing) "
            "VALUES ('Mosfilm', 'RU', 'approved') RETURNING id) "
            "INSERT INTO titles (seller_id, kind, stage, original_title) "
            "SELECT id, 'feature', 'completed', 'Stalker' FROM company"
        )
        connection.execute("UPDATE title_index SET analysis = 1")
        assert "run `filmmart reindex`" in terminal.filmmart("doctor").out
        assert "1 titles were indexed anew" in terminal.filmmart("reindex").out
        assert "by analysis" in (said := terminal.filmmart("doctor").out)
        assert "filmmart reindex" not in said
        assert "indexed already" in terminal.filmmart("reindex").out
        assert "1 titles were indexed anew" in terminal.filmmart("reindex", "--again").out
        found = connection.execute("SELECT search @@ 'Astalker & Psta' FROM titles").fetchone()
    assert found == (True,)


def test_reindex_says_that_the_database_is_away(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    away = f"postgresql://filmmart:swordfish@127.0.0.1:{free_port()}/filmmart"
    terminal.given(**own_servers | {"database_url": away})
    done = terminal.filmmart("reindex")
    assert done.code == 2
    assert "does not answer" in done.err


def test_doctor_names_settings_that_are_missing(terminal: Terminal) -> None:
    terminal.given(database_url="postgresql://127.0.0.1/x", s3_access_key_id="a", secret_key=SECRET)
    done = terminal.filmmart("doctor")
    assert done.code == 1
    assert "FILMMART_S3_SECRET_ACCESS_KEY is not set" in done.out


def test_doctor_says_that_the_database_is_away(
    own_servers: dict[str, str], terminal: Terminal
) -> None:
    away = f"postgresql://filmmart:swordfish@127.0.0.1:{free_port()}/filmmart"
    terminal.given(**own_servers | {"database_url": away})
    done = terminal.filmmart("doctor")
    assert done.code == 1
    assert "Check FILMMART_DATABASE_URL, and the server" in done.out
    assert "swordfish" not in done.out


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "serve",
        "worker",
        "migrate",
        "reindex",
        "create-organiser",
        "import titles",
        "import avails",
        "export avails",
        "upload",
        "verify ledger",
        "verify audit",
        "openapi",
        "doctor",
    ],
)
def test_every_command_explains_itself(terminal: Terminal, command: str) -> None:
    done = terminal.filmmart(*command.split(), "--help")
    assert done.code == 0
    assert len(done.out) > 300


def test_an_unknown_command_is_refused_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "serv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "No such command 'serv'" in done.stderr
    assert "Traceback" not in done.stderr
