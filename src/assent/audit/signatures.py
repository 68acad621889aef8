"""The checkpoints of an export: who signed them, and whether the reader trusts those."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.audit.checkpoint import CheckpointBody, parse_checkpoint
from assent.audit.export import CHECKPOINT_PATH, KEY_PATH, checkpoint_path
from assent.audit.note import UntrustedNote, Verifier, open_note, parse_verifier, split_note
from assent.audit.rebuild import ReadFile
from assent.audit.report import CheckStatus, Findings

_FOLDER = checkpoint_path(0).removesuffix("0")


@dataclass(frozen=True, slots=True)
class KnownCheckpoint:
    """A checkpoint that could be read. place: how to call it in a finding."""

    place: str
    note: str
    body: CheckpointBody


class Signatures:
    """Reads all checkpoints there are.

    newest: `checkpoint`, None when it cannot be read. earlier: all retained ones (the newest
    among them) and those that the reader kept. trusted: the keys that are believed; when the
    reader named none, the export's own, which is then a finding. signers: names of keys that
    are believed and signed.
    """

    def __init__(self, read: ReadFile, trusted: Sequence[Verifier], findings: Findings) -> None:
        self._read = read
        self._findings = findings
        self.trusted = list(trusted)
        self.newest: KnownCheckpoint | None = None
        self.earlier: list[KnownCheckpoint] = []
        self.signers: set[str] = set()

    def read_all(self, names: Iterable[str], kept_notes: Sequence[str]) -> None:
        """Read the key and the checkpoints. names: of all files of the export."""
        self._read_key()
        self.newest = self._read_file(CHECKPOINT_PATH)
        for name in sorted(name for name in names if name.startswith(_FOLDER)):
            item = self._read_file(name)
            if item and name != checkpoint_path(item.body.size):
                self._findings.fail(f"`{name}` holds the checkpoint of size {item.body.size}")
            elif item:
                self.earlier.append(item)
        self._check_newest()
        for number, note in enumerate(kept_notes, 1):
            item = self._open(f"kept checkpoint {number}", note)
            self.earlier += [item] if item else []

    def _read_key(self) -> None:
        if not self.trusted:
            self._distrust(
                "no key was given; get the log's key from somebody you trust, the one in the"
                " export proves nothing"
            )
        data = self._read(KEY_PATH)
        if data is None:
            self._findings.miss(f"`{KEY_PATH}` is missing")
            return
        try:
            verifier = parse_verifier(data.decode("utf-8").removesuffix("\n"))
        except ValueError as error:
            self._findings.fail(f"`{KEY_PATH}`: {error}")
            return
        if data != f"{verifier.text()}\n".encode():
            self._findings.fail(f"`{KEY_PATH}` is not one line")
        elif not self.trusted:
            # What was damaged on its way shows all the same.
            self.trusted.append(verifier)
        elif verifier not in self.trusted:
            self._distrust(f"`{KEY_PATH}` is the key `{verifier.text()}`, which is not trusted")

    def _check_newest(self) -> None:
        if self.newest is None:
            return
        last = max(self.earlier, key=lambda item: item.body.size, default=None)
        if last is None or last.body.size < self.newest.body.size:
            self._findings.miss(f"`{checkpoint_path(self.newest.body.size)}` is missing")
        elif last.note != self.newest.note:
            self._findings.fail(f"`{CHECKPOINT_PATH}` and {last.place} are not the same")

    def _read_file(self, name: str) -> KnownCheckpoint | None:
        data = self._read(name)
        if data is None:
            self._findings.miss(f"`{name}` is missing")
            return None
        try:
            note = data.decode("utf-8")
        except ValueError:
            self._findings.fail(f"`{name}` is not utf-8")
            return None
        return self._open(f"`{name}`", note)

    def _open(self, place: str, note: str) -> KnownCheckpoint | None:
        try:
            body = parse_checkpoint(split_note(note)[0])
        except ValueError as error:
            self._findings.fail(f"{place}: {error}")
            return None
        try:
            opened = open_note(note, self.trusted)
        except UntrustedNote as error:
            self._distrust(f"{place}: {error}")
        except ValueError as error:
            self._findings.fail(f"{place}: {error}")
        else:
            names = {verifier.name for verifier in opened.signed_by}
            self.signers |= names
            if body.origin not in names:
                self._findings.fail(f"{place} is of `{body.origin}`, which did not sign it")
        return KnownCheckpoint(place, note, body)

    def _distrust(self, text: str) -> None:
        self._findings.add(CheckStatus.UNTRUSTED, text)
