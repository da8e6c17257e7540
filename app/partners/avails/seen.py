"""What a file has said of which work: on disk, however many rows there are.

A key says what an offering came from: `<scope>.<row>`, both digests. A scope is what a Full
Extract replaces, of one seller; a row is what tells an avail from the others of its scope.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from itertools import count

from app.partners.avails.meaning import Avail

_CACHE_KIB = 16 * 1024
_SCHEMA = f"""
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE_KIB};
CREATE TABLE rows (key TEXT PRIMARY KEY, content BLOB NOT NULL, place TEXT) WITHOUT ROWID;
CREATE TABLE scopes (scope TEXT PRIMARY KEY, stays INTEGER NOT NULL, is_named INTEGER NOT NULL)
  WITHOUT ROWID;
"""
_DIGEST_BYTES = 10
BETWEEN = "."


def digest(*texts: str) -> str:
    """Give a short name for texts."""
    joined = "\n".join(texts).encode()
    return hashlib.blake2b(joined, digest_size=_DIGEST_BYTES).hexdigest()


class Seen:
    """Remembers one file's rows; SQLite keeps what does not fit a small memory on disk."""

    def __init__(self, seller_id: int) -> None:
        """Begin with nothing, in a database without a name: it is gone when it is closed."""
        self._seller = str(seller_id)
        # Whether there were rows of which nobody can tell what they are about
        self.is_in_doubt = False
        # The rows are read in threads, one after the other.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def scope(self, said: str) -> str:
        """Give the digest of a scope of this seller."""
        return digest(self._seller, said)

    def replace(self, scope: str, *, is_named: bool) -> None:
        """Count a scope among those of which only what the file says stays.

        One that is named to be removed is told so by a row of its own.
        """
        self._database.execute(
            "INSERT INTO scopes VALUES (?, 0, ?) ON CONFLICT (scope) "
            "DO UPDATE SET is_named = is_named OR excluded.is_named",
            (scope, is_named),
        )

    def keep(self, scope: str) -> None:
        """Have all of a scope stay, since not all that the file says of it could be understood.

        Without a scope, it may be about any of them: nothing goes but what is named.
        """
        if not scope:
            self.is_in_doubt = True
            return
        self._database.execute(
            "INSERT INTO scopes VALUES (?, 1, 0) ON CONFLICT (scope) DO UPDATE SET stays = 1",
            (scope,),
        )

    def key(self, avail: Avail, scope: str, place: str) -> tuple[str, str | None]:
        """Give a row's key, and where the same row stood before if it did."""
        first = f"{scope}{BETWEEN}{digest(*avail.key)}"
        fields = avail.row.fields
        content = digest(*(f"{name}={fields[name]}" for name in sorted(fields)))
        for number in count(1):
            key = first if number == 1 else f"{first}~{number}"
            added = self._database.execute(
                "INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", (key, content, place)
            )
            if added.rowcount:
                return key, None
            found = self._database.execute("SELECT content, place FROM rows WHERE key = ?", (key,))
            before, where = found.fetchone()
            if before == content:
                return key, str(where)
        raise AssertionError  # there is always a next number

    def has(self, key: str) -> bool:
        """Tell whether the file has a row of that key."""
        found = self._database.execute("SELECT 1 FROM rows WHERE key = ?", (key,))
        return found.fetchone() is not None

    def to_sweep(self, size: int) -> Iterator[list[str]]:
        """Give the scopes of which only what was seen stays, so many at a time."""
        after = ""
        while True:
            found = self._database.execute(
                "SELECT scope FROM scopes WHERE scope > ? AND NOT stays AND (is_named OR NOT ?) "
                "ORDER BY scope LIMIT ?",
                (after, self.is_in_doubt, size),
            ).fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [scope for (scope,) in found]

    def kept(self) -> int:
        """Count the scopes of which all stays."""
        found = self._database.execute("SELECT count(*) FROM scopes WHERE stays")
        counted: int = found.fetchone()[0]
        return counted
