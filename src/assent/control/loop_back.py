"""Signing a command line in by the browser of the same machine (RFC 8252, with PKCE: RFC 7636).

The command line listens on loopback and opens a page; whoever is signed in there says yes, and
the browser brings it a code that is good once, for two minutes, for who has the verifier.
"""

import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlencode

from assent.control.at_a_browser import issued_to, printable, sign_in_of
from assent.control.directory import Directory
from assent.control.sign_in import Caller, SignIn, digest_of
from assent.core.clock import Clock
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import Ids, SubjectId
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.token import Token

CODE_LASTS_FOR = timedelta(minutes=2)
MOST_OF_A_PERSON = 10
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_STATE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command line that asks to be signed in. port: where it listens on 127.0.0.1.

    challenge: base64url of the verifier's sha256. state: what it knows its own answer by. host:
    what it calls its machine.
    """

    port: int
    challenge: str
    state: str
    host: str = ""

    @property
    def origin(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def answered(self, **fields: str) -> str:
        """Return where the browser brings the answer: its own machine, and nowhere else."""
        return f"{self.origin}/?{urlencode({**fields, 'state': self.state})}"


@dataclass(frozen=True, slots=True)
class _Code:
    by: Caller
    asked: Asked
    expires_at: datetime


def asked_of(port: int, challenge: str, state: str, host: str) -> Asked:
    """Return what a command line asks, checked. Raises ConflictFault for what no client sends."""
    fits = _CHALLENGE.fullmatch(challenge) and _STATE.fullmatch(state)
    if not 1024 <= port <= 65535 or not fits:
        words = "this address is not one that `assent login` opened; run it again"
        raise ConflictFault("bad-link", words)
    return Asked(port, challenge, state, printable(host))


class LoopBack:
    """Makes codes for people who said yes, and tokens for codes."""

    def __init__(
        self, *, store: Store, directory: Directory, sign_in: SignIn, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._directory = directory
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        self._codes: OrderedDict[str, _Code] = OrderedDict()

    async def confirm(self, caller: Caller, asked: Asked) -> Secret[str]:
        """Return the code for the command line that the caller lets in.

        Raises ForbiddenFault unless the caller signed in themself in a browser.
        """
        await sign_in_of(self._store, caller)
        now = self._clock.now()
        while self._codes and now >= next(iter(self._codes.values())).expires_at:
            self._codes.popitem(last=False)
        mine = [digest for digest, one in self._codes.items() if self._is_of(one, caller)]
        for digest in mine[: max(0, len(mine) - MOST_OF_A_PERSON + 1)]:
            del self._codes[digest]
        code = Secret(self._ids.token(32))
        self._codes[digest_of(code)] = _Code(caller, asked, now + CODE_LASTS_FOR)
        return code

    async def exchange(
        self, code: Secret[str], verifier: Secret[str], address: str, user_agent: str = ""
    ) -> tuple[Secret[str], Token]:
        """Return the token for a code, once; whatever does not fit uses the code up, too.

        Raises ForbiddenFault `bad-code`.
        """
        kept = self._codes.pop(digest_of(code), None)
        fits = kept is not None and is_verified(verifier, kept.asked.challenge)
        if kept is None or not fits or self._clock.now() >= kept.expires_at:
            words = "this code is over, was used, or is another command line's; sign in again"
            raise ForbiddenFault("bad-code", words)
        proof = await sign_in_of(self._store, kept.by)
        return await issued_to(
            self._sign_in,
            self._directory.subject(kept.by.subject.id),
            proof,
            now=self._clock.now(),
            method=proof.method,
            name=f"command line on {kept.asked.host or 'an unnamed machine'}",
            address=address,
            user_agent=user_agent,
        )

    def _is_of(self, code: _Code, caller: Caller) -> bool:
        subject: SubjectId = code.by.subject.id
        return subject == caller.subject.id


def is_verified(verifier: Secret[str], challenge: str) -> bool:
    """Return whether a verifier is the one of a challenge (RFC 7636, section 4.6, S256)."""
    text = verifier.reveal()
    if not _VERIFIER.fullmatch(text):
        return False
    made = urlsafe_b64encode(sha256(text.encode("ascii")).digest()).rstrip(b"=")
    return compare_digest(made, challenge.encode())
