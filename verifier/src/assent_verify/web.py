"""An export that a web server shows as plain files."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from assent_verify.source import MAX_FILE_BYTES, SourceAway, bounded

_DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class Web:
    """An export that a web server shows as plain files. Nothing but GET is used."""

    address: str

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; 404 and 410 mean that there is none."""
        request = urllib.request.Request(f"{self.address}/{urllib.parse.quote(name)}")  # noqa: S310 (the reader named it, and `open_source` looked at its scheme)
        try:
            with _OPENER.open(request, timeout=_DEADLINE_S) as answer:
                return bounded(name, answer.read(MAX_FILE_BYTES + 1))
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            raise SourceAway(f"`{name[:80]}`: the server answers {error.code}") from error
        except (OSError, ValueError) as error:
            raise SourceAway(f"`{name[:80]}` cannot be fetched: {error}") from error

    def names(self, folder: str = "") -> Iterator[str] | None:
        """Return None: a plain web server lists nothing but what the file `files` names."""
        return None


class _SameFolder(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: what is fetched is what the reader named."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Return None, and the redirect becomes an error."""


_OPENER = urllib.request.build_opener(_SameFolder())
