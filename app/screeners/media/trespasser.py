"""A child that tries to get out: `trespasser.py PORT`, prints what it managed to do as JSON."""

import json
import socket
import sys
from collections.abc import Callable
from contextlib import suppress


def _connect(family: socket.AddressFamily, address: tuple[str, int]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(2)
        attempt.connect(address)


def _send(address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
        attempt.sendto(b"I am out.", address)


def main(port: int) -> None:
    """Try each way in turn."""
    ways: dict[str, Callable[[], None]] = {
        "tcp": lambda: _connect(socket.AF_INET, ("127.0.0.1", port)),
        "tcp6": lambda: _connect(socket.AF_INET6, ("::1", port)),
        "udp": lambda: _send(("127.0.0.1", port)),
    }
    managed = []
    for name, attempt in ways.items():
        with suppress(OSError):
            attempt()
            managed.append(name)
    sys.stdout.write(json.dumps(managed))


if __name__ == "__main__":
    main(int(sys.argv[1]))
