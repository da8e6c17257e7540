"""The embedded servers: whatever happened the time before, they start, or say why in a sentence."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from app.local import LocalError, local_postgres, local_s3
from app.local.account import as_unprivileged
from app.local.processes import free_port, leftovers, stop

HOLD = """
import pathlib, signal, sys
from app.local import local_postgres, local_s3
data = pathlib.Path(sys.argv[1])
with local_postgres(data) as postgres, local_s3(data):
    print(postgres.pid, flush=True)
    signal.pause()
"""
SECONDS = 30


@contextmanager
def holder(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run both servers from another process; give it, and PostgreSQL's process id."""
    command = [sys.executable, "-c", HOLD, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def write(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_the_end_of(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} still lives"
        time.sleep(0.05)


def test_data_is_there_the_next_time(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        write(server.url())
    with local_postgres(tmp_path) as server:
        assert count(server.url()) == 1


def test_postgres_comes_back_after_kill_9_with_what_it_acknowledged(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        write(server.url())
        server.kill()
        assert not server.is_running()
        server.start()
        assert count(server.url()) == 1


def test_the_application_is_no_superuser_and_sorts_alike_everywhere(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server, psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT current_setting('is_superuser'), pg_encoding_to_char(encoding), datlocale "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("off", "UTF8", "C.UTF-8")


def test_nobody_comes_in_without_the_password(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        wrong = server.url().replace(f"{server.url().split(':')[2].split('@')[0]}", "guessed")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg.connect(wrong.replace("//filmmart", "//postgres"))
        assert (server.cluster / "filmmart.password").stat().st_mode & 0o077 == 0


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, postgres):
        children = [child.pid for child in psutil.Process(process.pid).children()]
        assert postgres in children
        process.kill()
        process.wait()
        for child in children:
            wait_for_the_end_of(child)
    with local_postgres(tmp_path) as server:
        assert server.is_running()


def test_a_postgres_that_outlived_its_parent_is_ended_before_the_next(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        write(server.url())
        cluster, command = server.cluster, psutil.Process(server.pid).cmdline()
    whom = ["setpriv", *as_unprivileged(cluster, command[0]), "--"] if os.geteuid() == 0 else []
    orphan = subprocess.Popen(
        [*whom, *command], cwd=cluster, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + SECONDS
    while not (cluster / "postmaster.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with local_postgres(tmp_path) as server:
        assert not is_alive(orphan.pid)
        assert leftovers(cluster, "postgres")[0].pid == server.pid
        assert count(server.url()) == 1
    orphan.wait()


def test_a_lock_file_that_names_a_stranger_is_no_obstacle(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        cluster = server.cluster
        server.kill()
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        (cluster / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]))
        server.start()
        assert server.is_running()


def test_an_interrupted_first_run_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "new-interrupted"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    with local_postgres(tmp_path) as server:
        assert server.is_running()
    assert not half_made.exists()


def test_an_empty_data_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "cluster").mkdir(parents=True)
    with local_postgres(tmp_path) as server:
        assert server.is_running()


def test_a_data_folder_with_a_missing_heart_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        cluster = server.cluster
    (cluster / "global" / "pg_control").unlink()
    with pytest.raises(LocalError, match="not a whole PostgreSQL data folder: move it away"):
        start(tmp_path)


def test_a_damaged_data_folder_is_refused_in_postgres_own_words(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        cluster = server.cluster
    shutil.rmtree(cluster / "pg_xact")
    with pytest.raises(LocalError, match="PostgreSQL did not start: "):
        start(tmp_path)


def test_a_cluster_of_another_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        cluster = server.cluster
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(LocalError, match="made by PostgreSQL 16 and this is 18"):
        start(tmp_path)


def test_two_never_share_a_data_folder(tmp_path: Path) -> None:
    with (
        holder(tmp_path) as (process, _),
        pytest.raises(LocalError, match=f"already in use by process {process.pid}"),
    ):
        start(tmp_path)


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with local_s3(tmp_path) as s3:
        with pytest.raises(LocalError, match=f"cannot listen on port {s3.port}: Address already"):
            start(tmp_path, port=s3.port)
        with (
            pytest.raises(LocalError, match=f"cannot listen on port {s3.port}"),
            local_s3(tmp_path / "other", port=s3.port),
        ):
            pass


def test_a_path_longer_than_a_socket_name_may_be_is_fine(tmp_path: Path) -> None:
    with local_postgres(tmp_path / ("long" * 40)) as server:
        assert server.is_running()


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LocalError, match=r"The data folder .* cannot be used: .*Not a directory"):
        start(tmp_path / "file")


def test_a_setting_postgres_does_not_know_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalError, match="PostgreSQL did not start: unrecognized configuration"),
        local_postgres(tmp_path, settings={"no_such_setting": "1"}),
    ):
        pass


def test_databases_are_copied_and_thrown_away(tmp_path: Path) -> None:
    with local_postgres(tmp_path) as server:
        write(server.url())
        assert count(server.create_database("copy", template="filmmart")) == 1
        server.drop_database("copy")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(server.url("copy"))


def test_s3_comes_back_after_kill_9(tmp_path: Path) -> None:
    with local_s3(tmp_path, port=free_port()) as server:
        secret = server.secret_access_key
        (server.objects / "bucket").mkdir()
        (server.objects / "bucket" / "film").write_text("frames")
        server.kill()
        assert not server.is_running()
        server.start()
        assert server.is_running()
        assert (server.objects / "bucket" / "film").read_text() == "frames"
        assert server.secret_access_key == secret
    assert (tmp_path / "s3" / "secret_access_key").stat().st_mode & 0o077 == 0


def test_a_child_that_ignores_signals_is_killed() -> None:
    command = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True)"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{command}; time.sleep(60)"], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    stop(child, signal.SIGINT, patience=0.2)
    assert child.returncode == -signal.SIGKILL


def start(data: Path, port: int | None = None) -> None:
    with local_postgres(data, port=port):
        pass
