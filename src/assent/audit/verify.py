"""The proof of an export: what somebody runs who does not trust the operator.

It needs the files and the public key that the reader trusts; no server and no database.
"""

from collections.abc import Iterable, Sequence

from assent.audit.entry import payload_digest
from assent.audit.note import Verifier, parse_verifier
from assent.audit.payloads import salvage_payloads
from assent.audit.reading import Line, Reading
from assent.audit.rebuild import ReadFile, Rebuild
from assent.audit.report import Findings, NamedEntry, Report
from assent.audit.signatures import KnownCheckpoint, Signatures
from assent.audit.signed_approvals import SignedApprovals
from assent.audit.tiles import TILE_WIDTH, payloads_path, spans

_CHECKS = (
    ("signatures", "C2SP signed-note, tlog-checkpoint"),
    ("entries and tree", "RFC 6962 section 2.1, C2SP tlog-tiles"),
    ("consistency", "RFC 6962 section 2.1.2"),
    ("form and time", "log-format, Leaf"),
    ("payloads", "log-format, Payload"),
    ("story", "log-format, What the entries must say together"),
    ("signed approvals", "signed-approvals, Verification"),
)


def verify_export(
    read: ReadFile,
    names: Iterable[str],
    verifier_keys: Sequence[str],
    kept_notes: Sequence[str] = (),
) -> Report:
    """Return what the seven checks say of an export.

    read: file name → bytes, None when there is no such file. names: of all files in it.
    verifier_keys: the keys that the reader trusts and has from elsewhere; the key in the
    export proves nothing. kept_notes: earlier checkpoints of this log that the reader kept;
    they show what an operator rewrote who has the key. Raises ValueError when a verifier key
    is malformed; nothing for what the export holds.
    """
    return _Verification(read, names, [parse_verifier(key) for key in verifier_keys]).run(
        kept_notes
    )


class _Verification:
    def __init__(self, read: ReadFile, names: Iterable[str], trusted: list[Verifier]) -> None:
        self._outside = read
        self._names = set(names)
        self._seen: set[str] = set()
        self._trusted = trusted
        self._checks = [
            Findings(number, name, source) for number, (name, source) in enumerate(_CHECKS, 1)
        ]
        self._signed = SignedApprovals(self._checks[6])

    def run(self, kept_notes: Sequence[str]) -> Report:
        signatures, tree, _, forms, _, story, _ = self._checks
        # 1
        known = Signatures(self._read, self._trusted, signatures)
        known.read_all(self._names, kept_notes)
        newest, earlier = known.newest, known.earlier
        if newest is None or not self._is_plausible(newest.body.size, tree):
            for findings in self._checks[1:]:
                findings.left_out = True
            return self._report(newest, 0)
        size = newest.body.size
        rebuild = Rebuild(self._read, size, [item.body.size for item in earlier], tree)
        reading = Reading(forms, story, self._signed)
        missing: list[NamedEntry] = []
        for span in spans(size):
            leaves = rebuild.bundle(span)  # 2
            lines = reading.read_all(span.index * TILE_WIDTH, leaves)  # 4, 6 and 7
            if len(leaves) < span.width:
                reading.skip()
            missing += self._check_payloads(span.index, span.width, lines)  # 5 and 7
        rebuild.finish(newest.body.root)
        self._check_consistency(newest, earlier, rebuild)  # 3
        reading.finish()
        self._report_missing(missing, reading)
        self._report_strangers(tree)
        self._summarise(known, rebuild)
        return self._report(newest, rebuild.entries)

    def _read(self, name: str) -> bytes | None:
        self._seen.add(name)
        return self._outside(name) if name in self._names else None

    # 2: entries and tree

    def _is_plausible(self, size: int, findings: Findings) -> bool:
        # A forged size must not make the reader count to it.
        if size <= TILE_WIDTH * len(self._names):
            return True
        findings.miss(f"{len(self._names)} files cannot hold the {size} entries of the checkpoint")
        return False

    def _report_strangers(self, findings: Findings) -> None:
        for name in sorted(self._names - self._seen):
            findings.miss(f"`{name}` is not part of the export: nothing vouches for it")

    # 3: consistency

    def _check_consistency(
        self, newest: KnownCheckpoint, earlier: list[KnownCheckpoint], rebuild: Rebuild
    ) -> None:
        findings = self._checks[2]
        findings.left_out = not rebuild.complete
        size, root = newest.body.size, newest.body.root
        by_entries = rebuild.roots_of_entries
        # A damaged entry is found by check 2; here the hashes speak, if they are the signed ones.
        roots = by_entries if by_entries.get(size) == root else rebuild.roots_of_tiles
        for item in earlier:
            body = item.body
            if body.origin != newest.body.origin:
                findings.fail(f"{item.place} is of another log, `{body.origin}`")
            elif body.size > size:
                findings.fail(f"the log had {body.size} entries in {item.place}, now {size}")
            elif rebuild.complete and roots.get(body.size) != body.root:
                text = f"the log of size {size} does not continue {item.place} (size {body.size})"
                findings.fail(text)

    # 5: payloads

    def _check_payloads(self, number: int, width: int, lines: dict[int, Line]) -> list[NamedEntry]:
        findings, path = self._checks[4], payloads_path(number)
        data = self._read(path)
        if data is None:
            findings.miss(f"`{path}` is missing")
        start = number * TILE_WIDTH
        salvage = salvage_payloads(data or b"", start, start + width)
        for problem in salvage.problems:
            findings.fail(f"`{path}`: {problem}")
        for index, payload in salvage.payloads.items():
            line = lines.get(index)  # What cannot be read was found by check 4.
            if line is not None and payload_digest(payload) != line.payload:
                text = f"the payload of {line.entry} is not the one that the entry names"
                findings.fail(text, line.entry)
            elif line is not None:
                self._signed.check_payload(index, payload)
        absent = [
            line.entry
            for index, line in lines.items()
            if line.payload is not None and index not in salvage.payloads
        ]
        if salvage.problems:
            for entry in absent:
                findings.fail(f"the payload of {entry} cannot be read in `{path}`", entry)
            return []
        return absent

    def _report_missing(self, missing: list[NamedEntry], reading: Reading) -> None:
        for entry in missing:
            if not reading.is_erased(entry):
                text = f"the payload of {entry} is missing, and no entry says that it was erased"
                self._checks[4].miss(text, entry)

    def _summarise(self, known: Signatures, rebuild: Rebuild) -> None:
        signatures, tree, consistency, forms, payloads, story, _ = self._checks
        signatures.summary = "signed by " + ", ".join(f"`{name}`" for name in sorted(known.signers))
        tree.summary = f"{rebuild.entries} entries have the root that was signed"
        consistency.summary = f"{len(known.earlier)} checkpoints are of one growing log"
        forms.summary = f"{rebuild.entries} entries are canonical, unique and in order of time"
        payloads.summary = "every payload is the one that its entry names"
        story.summary = "nothing was released without a permit, and every outcome is known"
        self._signed.summarise()

    def _report(self, newest: KnownCheckpoint | None, entries: int) -> Report:
        size, root = (newest.body.size, newest.body.root) if newest else (0, b"")
        return Report(tuple(item.close() for item in self._checks), size, root, entries)
