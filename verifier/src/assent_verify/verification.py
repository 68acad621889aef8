"""The verification of an export, from its files and what the reader trusts."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assent_verify import telling
from assent_verify.anchors import check_anchors
from assent_verify.assembly import Assembly
from assent_verify.checkpoints import (
    FOLDER,
    NEWEST,
    NOTES,
    Seen,
    checkpoint_path,
    look_at,
    look_at_file,
    look_at_files,
    split_notes,
)
from assent_verify.consistency import CONSISTENCY, Agreement, check_consistency
from assent_verify.layout import belongs
from assent_verify.log_reading import Log, read_log
from assent_verify.notes import Key, parse_key
from assent_verify.outside import FRESHNESS, check_freshness, check_witnesses
from assent_verify.payloads import KEYS_PATH, read_keys
from assent_verify.policy import Policy
from assent_verify.ranges import ENTRIES, FORM, PAYLOADS, Job
from assent_verify.receipts import Receipt, check_receipt
from assent_verify.report import CHECKS, Findings, Report, Status, close
from assent_verify.source import Source
from assent_verify.story import (
    Recording,
    check_recording,
)
from assent_verify.tiles import TILE_WIDTH, Span
from assent_verify.trust import Trust
from assent_verify.workers import Workers

_KEY = "key"
_MINIMUM = "minimum"
_LISTED = "files"
_ANCHORS, _EVIDENCE = "anchor/", "evidence/"
_RECORDINGS = 12
_CHUNK = 500
_SMALL = 50_000
"""Logs below this size are read by one process: to start others would take longer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader wants.

    policy: None when they named no key, and then nothing is believed. kept: how to call each
    checkpoint that they kept, and its note. receipts: the same with the bytes of its entry.
    at: the moment that freshness is worked out for. authorities: certificates (DER) of time
    stamping authorities. workers: how many processes. progress: entries read, of how many.
    """

    policy: Policy | None
    at: datetime
    kept: Sequence[tuple[str, str]] = ()
    receipts: Sequence[tuple[str, Receipt, bytes]] = ()
    fresh_within: timedelta | None = None
    authorities: Sequence[bytes] = ()
    workers: int = 1
    progress: Callable[[int, int], None] = field(default=lambda _done, _all: None)


def verify(source: Source, asked: Asked) -> Report:
    """Return what all checks say. Raises SourceAway where files cannot be read at all."""
    return _Verification(source, asked).run()


@dataclass(slots=True)
class _Files:
    """Names of files by what they are. count: how many there are, None where nobody can tell."""

    checkpoints: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)
    count: int | None = None

    def sort_in(self, name: str) -> None:
        """Keep a name where it belongs, unless it follows from the log's size."""
        for folder, found in (
            (f"{FOLDER}/", self.checkpoints),
            (_ANCHORS, self.anchors),
            (_EVIDENCE, self.evidence),
            ("recording/", self.recordings),
        ):
            if name.startswith(folder):
                found.append(name)


class _Verification:
    def __init__(self, source: Source, asked: Asked) -> None:
        self._source = source
        self._asked = asked
        self._findings = Findings()
        self._summaries: dict[int, str] = {}
        self._policy = asked.policy or Policy()
        self._keys = [*self._policy.logs, *self._policy.witnesses.values()]
        self._trust = Trust(self._keys)
        self._trust.believe(self._policy.logs)

    def run(self) -> Report:
        file_keys = self._read_key_file()
        newest = look_at_file(self._source, NEWEST, self._keys, self._findings)
        if newest is None:
            return self._left_out(None)
        files = self._list_files(newest.size)
        if not self._is_plausible(newest.size, files):
            return self._left_out(newest)
        retained, kept = self._look_at_retained(newest, files), self._look_at_kept(files)
        everything = [newest, *retained, *kept]
        with tempfile.TemporaryDirectory(prefix="assent-verify-") as folder:
            job = self._job(everything, folder)
            texts = telling.find_texts(job, self._processes(job.size))
            job = telling.with_story(job, texts, files.recordings)
            log = self._read(job, newest)
        self._trust.follow(log.rotations, everything, self._findings)
        believed = [self._trust.judge(one, self._findings) for one in everything]
        self._judge_key_file(file_keys)
        agreement = self._check_consistency(everything, log)
        self._check_minimum(job, log)
        self._look_outside(newest, agreement, files)
        self._tell(job, log, texts, files)
        self._summarise(everything, believed, log)
        return self._report(newest, log.entries, agreement)

    # 1: notes and keys

    def _read_key_file(self) -> list[Key]:
        """Read the keys that the export brings; they prove nothing by themselves."""
        if self._asked.policy is None or not self._policy.logs:
            self._distrust(
                "no key was given; get the log's key from somebody you trust, the one in the"
                " export proves nothing"
            )
        data = self._source.read(_KEY)
        if data is None:
            self._findings.miss(NOTES, f"`{_KEY}` is missing")
            return []
        found = []
        try:
            for line in data.decode("utf-8").removesuffix("\n").split("\n"):
                key = parse_key(line)
                found.append(key)
                if key.text() != line:
                    raise ValueError(f"a line has something beside its key `{key.text()}`")
        except ValueError as error:
            self._findings.fail(NOTES, f"`{_KEY}`: {error}")
        if found and not data.endswith(b"\n"):
            self._findings.fail(NOTES, f"`{_KEY}` does not end in a newline")
        self._keys += [key for key in found if key not in self._keys]
        if not self._policy.logs:
            # What was damaged on its way shows all the same.
            self._trust.believe(found)
        return found

    def _judge_key_file(self, keys: Sequence[Key]) -> None:
        for key in keys:
            if key not in self._trust.periods:
                self._distrust(f"`{_KEY}` has the key `{key.text()}`, which is not trusted")

    def _distrust(self, text: str) -> None:
        self._findings.add(NOTES, Status.UNTRUSTED, text)

    # Files

    def _list_files(self, size: int) -> _Files:
        names, files = self._source.names(), _Files()
        if names is not None:
            files.count = 0
        strangers = []
        for name in self._listed() if names is None else names:
            if files.count is not None:
                files.count += 1
            if belongs(name, size):
                files.sort_in(name)
            else:
                strangers.append(name)
        for name in sorted(strangers):
            text = f"`{name[:200]}` is not part of the export: nothing vouches for it"
            self._findings.miss(ENTRIES, text)
        return files

    def _listed(self) -> Iterator[str]:
        """Yield what an export says that it has beside tiles: a web server lists nothing itself.

        It is a hint and proves nothing: what is left out there was not looked at.
        """
        for line in (self._source.read(_LISTED) or b"").decode("utf-8", "replace").split("\n"):
            if line:
                yield line

    def _is_plausible(self, size: int, files: _Files) -> bool:
        # A forged size must not make the reader count to it.
        if files.count is not None and size > TILE_WIDTH * files.count:
            text = f"{files.count} files cannot hold the {size} entries of the checkpoint"
            self._findings.miss(ENTRIES, text)
            return False
        if files.count is None and size:
            last = (size - 1) // TILE_WIDTH
            path = Span(0, last, size - last * TILE_WIDTH).path
            if self._source.read(path) is None:
                text = f"`{path}` is missing: the export does not go up to its checkpoint"
                self._findings.miss(ENTRIES, text)
                return False
        return True

    # 1 and 3: checkpoints

    def _look_at_retained(self, newest: Seen, files: _Files) -> list[Seen]:
        known = set(files.checkpoints)
        if files.count is None:
            known.add(checkpoint_path(newest.size))
        names = sorted(known, key=lambda name: int(name.partition("/")[2]))
        chunks = [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]
        retained: list[Seen] = []
        count = self._asked.workers if len(chunks) > 1 else 1
        with Workers(count, (self._source, self._keys)) as workers:
            for found, findings in workers.map(_look_at_chunk, chunks):
                retained += found
                self._findings.merge(findings)
        last = retained[-1] if retained else None
        if last is None or last.size < newest.size:
            self._findings.miss(NOTES, f"`{checkpoint_path(newest.size)}` is missing")
        elif (last.size, last.root) == (newest.size, newest.root) and (
            self._note_of(last) != self._note_of(newest)
        ):
            self._findings.fail(NOTES, f"`{NEWEST}` and {last.place} are not the same")
        return retained

    def _look_at_kept(self, files: _Files) -> list[Seen]:
        kept = [
            look_at(place, note, self._keys, self._findings) for place, note in self._asked.kept
        ]
        return [
            *(one for one in kept if one),
            *self._look_at_receipts(),
            *self._look_at_evidence(files.evidence),
        ]

    def _look_at_evidence(self, names: Sequence[str]) -> list[Seen]:
        """Return the checkpoints in kept evidence that the log itself signed.

        What else a witness said proves nothing against the log, nor for it.
        """
        found = []
        for name in sorted(names):
            text = (self._source.read(name) or b"").decode("utf-8", "replace")
            for note in split_notes(text):
                seen = look_at(f"`{name}`", note, self._keys, Findings())
                if seen is not None and seen.signers:
                    found.append(seen)
        return found

    def _look_at_receipts(self) -> list[Seen]:
        found = []
        for place, receipt, leaf in self._asked.receipts:
            seen = look_at(place, receipt.note, self._keys, self._findings)
            if seen is None:
                continue
            try:
                check_receipt(receipt, leaf, seen.size, seen.root)
            except ValueError as error:
                self._findings.fail(CONSISTENCY, f"{place}: {error}")
            found.append(seen)
        return found

    def _note_of(self, one: Seen) -> str:
        return one.note or (self._source.read(one.name) or b"").decode("utf-8", "replace")

    # 2, 4, 5 and 6: the log

    def _job(self, seen: Sequence[Seen], folder: str) -> Job:
        size = seen[0].size
        cuts = tuple(sorted({one.size for one in seen if one.size <= size}))
        keys = None
        data = self._source.read(KEYS_PATH)
        if data is not None:
            try:
                keys = read_keys(data)
            except ValueError as error:
                self._findings.fail(PAYLOADS, f"`{KEYS_PATH}`: {error}")
        return Job(self._source, size, self._minimum(size), cuts, keys, folder)

    def _minimum(self, size: int) -> int:
        data = self._source.read(_MINIMUM)
        text = "0\n" if data is None else data.decode("ascii", "replace")
        number = text.removesuffix("\n")
        if not (number.isascii() and number.isdigit() and text == f"{int(number)}\n"):
            self._findings.fail(ENTRIES, f"`{_MINIMUM}` is not a number and a newline")
            return 0
        return min(int(number), size)

    def _check_minimum(self, job: Job, log: Log) -> None:
        if job.minimum > log.minimum:
            said = f"only up to {log.minimum}" if log.minimum else "not at all"
            self._findings.miss(
                ENTRIES,
                f"`{_MINIMUM}` says that entries below {job.minimum} were pruned; the log says"
                f" {said} that it was",
            )

    def _read(self, job: Job, newest: Seen) -> Log:
        assembly = Assembly(self._source, job.size, job.cuts, self._findings)
        with Workers(self._processes(job.size), job) as workers:
            log = read_log(workers, job, assembly, self._findings, self._asked.progress)
        assembly.finish(newest.root)
        return log

    def _processes(self, size: int) -> int:
        return 1 if size < _SMALL else self._asked.workers

    def _check_consistency(self, everything: Sequence[Seen], log: Log) -> Agreement:
        newest, *others = everything
        roots = log.assembly.roots(newest.root) if log.assembly.complete else None
        if roots is None:
            text = "left out: without all hashes the root at other sizes cannot be worked out"
            self._findings.add(CONSISTENCY, Status.LEFT_OUT, text)
        return check_consistency(
            newest, others, roots, self._trust.good, self._note_of, self._findings
        )

    # 9 to 12: what the entries say together

    def _tell(self, job: Job, log: Log, texts: telling.Texts | None, files: _Files) -> None:
        told, recordings = telling.finish(job, log, texts, files.recordings, self._findings)
        self._summaries |= told
        if recordings:
            count = self._asked.workers if len(recordings) > 1 else 1
            with Workers(count, job) as workers:
                opened = telling.read_recordings(workers, recordings, self._findings)
            self._summaries[_RECORDINGS] += f"; {opened} of them were opened and are whole"

    # 7, 8 and 13: what others saw

    def _look_outside(self, newest: Seen, agreement: Agreement, files: _Files) -> None:
        fitting = agreement.fitting
        witnessing = check_witnesses(self._policy, self._keys, newest, fitting, self._findings)
        stamped, anchors = check_anchors(
            self._source,
            files.anchors,
            self._keys,
            fitting,
            self._asked.authorities,
            self._findings,
        )
        fresh = check_freshness(
            [*witnessing.observations, *stamped],
            self._asked.at,
            self._asked.fresh_within,
            self._findings,
        )
        self._summaries |= {7: witnessing.summary, FRESHNESS: fresh, 13: anchors}
        self._witnessed = witnessing.size

    _witnessed = 0

    # The report

    def _summarise(self, everything: Sequence[Seen], believed: list[bool], log: Log) -> None:
        newest, count = everything[0], len(everything)
        entries = "1 entry" if log.entries == 1 else f"{log.entries} entries"
        pruned = f"; {log.pruned} were pruned, their hashes fit" if log.pruned else ""
        opened = f", {log.opened} were opened" if log.opened else ""
        self._summaries |= {
            NOTES: f"{sum(believed)} checkpoints are signed by `{newest.origin}`",
            ENTRIES: f"{entries} have the root that was signed{pruned}",
            CONSISTENCY: f"{count} checkpoints are of one growing log",
            FORM: f"{entries} are canonical, and no id is there twice",
            5: f"{entries} are in order of time",
            PAYLOADS: f"{log.payloads} payloads are those that their entries name{opened}",
        }

    def _left_out(self, newest: Seen | None) -> Report:
        for number in range(2, len(CHECKS) + 1):
            text = "left out, because of what an earlier check found"
            if not any(self._findings.count(number, status) for status in Status):
                self._findings.add(number, Status.LEFT_OUT, text)
        if newest is not None:
            self._trust.judge(newest, self._findings)
        return self._report(newest, 0, Agreement())

    def _report(self, newest: Seen | None, entries: int, agreement: Agreement) -> Report:
        checks = tuple(
            close(self._findings, number, self._summaries.get(number, "")) for number in CHECKS
        )
        if newest is None:
            return Report(checks)
        return Report(
            checks,
            newest.origin,
            newest.size,
            newest.root,
            entries,
            self._witnessed,
            tuple(agreement.evidence),
        )


def _check_recording(job: Job, recording: Recording) -> tuple[Findings, int]:
    return check_recording(job.source, job.keys, recording)


def _look_at_chunk(
    shared: tuple[Source, Sequence[Key]], names: Sequence[str]
) -> tuple[list[Seen], Findings]:
    source, keys = shared
    return look_at_files(source, names, keys)
