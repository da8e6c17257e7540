"""What is found in one row while it is understood."""

from collections.abc import Iterable

from app.partners.imports.findings import Done, Matter, Remark


class Remarks:
    """Collects remarks; a row with an error is refused, one with doubts is kept."""

    def __init__(self, found: Iterable[Remark] = ()) -> None:
        """Begin with what reading found."""
        self.found = list(found)
        self.is_refused = False

    def refuse(self, field: str, value: str, problem: str, matter: Matter) -> None:
        """Say why the row is refused."""
        self.is_refused = True
        self.found.append(Remark(field, value, problem, matter, Done.ROW_REFUSED))

    def leave_out(self, field: str, value: str, problem: str, matter: Matter) -> None:
        """Say why the row is taken without a value."""
        self.found.append(Remark(field, value, problem, matter, Done.LEFT_OUT))

    def doubt(self, field: str, value: str, problem: str, matter: Matter) -> None:
        """Say what is odd about a value that is taken."""
        self.found.append(Remark(field, value, problem, matter, Done.TAKEN))

    def note(self, field: str, value: str, problem: str) -> None:
        """Say how a value was understood."""
        self.doubt(field, value, problem, Matter.NOTE)
