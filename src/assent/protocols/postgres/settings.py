"""What the target reports of its settings, as far as reading statements depends on it."""

from assent.core.faults import PeerFault
from assent.protocols.postgres.messages import Cursor
from assent.protocols.postgres.startup import encoding


class Settings:
    """Follows ParameterStatus. `names_moved`: unqualified names no longer mean what they did.

    search_path: as it was last reported, None where it never is.
    """

    __slots__ = ("_first_path", "names_moved", "search_path")

    def __init__(self) -> None:
        self._first_path: str | None = None
        self.search_path: str | None = None
        self.names_moved = False

    def changed(self, body: bytes) -> None:
        """Take one ParameterStatus.

        Raises PeerFault when the target would from now on read other statements than we do.
        """
        cursor = Cursor(body)
        name, value = cursor.string(), cursor.string().decode("utf-8", "replace")
        cursor.end()
        if name == b"client_encoding" and encoding(value) is None:
            raise _out_of_sight(f"the client encoding is now `{value[:64]}`")
        if name == b"standard_conforming_strings" and value != "on":
            raise _out_of_sight("standard_conforming_strings is now off")
        if name == b"search_path":
            self._follow(value)

    def _follow(self, value: str) -> None:
        # Reported since PostgreSQL 18. The first report is the path that the gateway set.
        self.search_path = value
        if self._first_path is None:
            self._first_path = value
        # An empty path looks nothing up, so no name can mean something else.
        self.names_moved = value not in (self._first_path, "", '""')


def _out_of_sight(what: str) -> PeerFault:
    return PeerFault(
        "out-of-sight", f"{what}; the gateway cannot read statements for such a target"
    )
