"""Whom PostgreSQL runs as when we are root, which it refuses to be."""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from app.local.processes import LocalError

_NAME = "filmmart"


def give_to_unprivileged(folder: Path) -> None:
    """Make the folder the account's own, if there is need of one."""
    if os.geteuid() == 0:
        account = _account()
        os.chown(folder, account.pw_uid, account.pw_gid)


def as_unprivileged(folder: Path, program: str) -> list[str]:
    """Give setpriv's options to become the folder's owner; none unless we are root.

    A clone under /root, or a container's volume, lies behind folders that let only root through.
    Rather than open those to everybody, the process keeps root's right to walk through them: it
    serves a demo or a test on a machine where everything else of ours runs as root anyway.
    """
    if os.geteuid() != 0:
        return []
    owner = folder.stat()
    options = [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    if not (_is_open(folder.parent) and _is_open(Path(program).parent)):
        # The last one is for access(2), which PostgreSQL asks whether its own programs are there.
        options += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        options += ["--securebits=+no_setuid_fixup"]
    return options


def _is_open(folder: Path) -> bool:
    resolved = folder.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (resolved, *resolved.parents))


def _account() -> pwd.struct_passwd:
    """Find the account, or make it: no password, no home, no shell."""
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        _make_account()
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        raise LocalError(
            f"PostgreSQL refuses to run as root and the account {_NAME!r} could not be made: "
            "run as an ordinary user, or set FILMMART_DATABASE_URL."
        ) from None


def _make_account() -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is not None:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, *options, _NAME], check=False, capture_output=True)
