"""How fast an export is verified: `python -m benchmarks.audit.verifying [ENTRIES]`.

An export of whole actions (attempt, decision, result) is made in a temporary folder, verified by
`assent-verify` as an outsider runs it, and removed. The memory is that of all its processes
together, as resident sets, so what they share is counted more than once.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assent.audit.checkpoint import format_checkpoint
from assent.audit.note import Signer
from assent.audit.tiles import TILE_WIDTH, all_spans, bundle_path, payloads_path, spans, tile_path
from assent.audit.tree import leaf_hash, root_of
from assent.core.secret import Secret

ORIGIN = "bench.example/audit"
_DIGEST = "sha256:" + "5c" * 32
_SAMPLES_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """seconds: from start to exit, as the reader's clock. peak_mb: of the whole process tree."""

    entries: int
    seconds: float
    peak_mb: float
    exit_code: int


def leaf(index: int, size: int) -> bytes:
    """Return one leaf: the three entries of an action follow each other.

    size: of the log; the last one or two entries, of which no action is made, are log-ins.
    """
    action, turn = divmod(index, 3)
    second, micro = divmod(index * 1000, 1_000_000)
    days, second = divmod(second, 86_400)
    at = f"2026-{1 + days // 28:02d}-{1 + days % 28:02d}T{second // 3600:02d}"
    at += f":{second // 60 % 60:02d}:{second % 60:02d}.{micro:06d}Z"
    name = f'"action":"act_{action:026d}"'
    kind, facts = (
        ("attempt", f'{name},"complete":true,"digest":"{_DIGEST}","phase":"execute","verb":"sql"'),
        ("decision", f'{name},"outcome":"permit","phase":"execute","reuse":false,"score":12'),
        ("result", f'{name},"bytes":{index % 4096},"rows":{index % 40}'),
        ("login", '"method":"password"'),
    )[turn if action < size // 3 else 3]
    return (
        f'{{"at":"{at}","facts":{{{facts}}},"id":"ent_{index:026d}","kind":"{kind}","payload":null,'
        f'"request":null,"session":"ses_{action // 50:026d}","subject":"sub_{action % 500:026d}",'
        f'"target":"tgt_00000000000000000000000001","version":1}}'
    ).encode()


def make_export(folder: Path, size: int) -> str:
    """Write an export of so many entries; return the log's verifier key."""
    signer = Signer(ORIGIN, Secret(bytes(range(32))))
    level = [root for part in _in_parts(folder, size) for root in part]
    rest = [leaf_hash(leaf(index, size)) for index in range(size - size % TILE_WIDTH, size)]
    root = root_of([*level, root_of(rest)] if rest else level)
    for span in all_spans(size):
        if span.level == 1:
            part = level[span.index * TILE_WIDTH : span.index * TILE_WIDTH + span.width]
            _write(folder / span.path, b"".join(part))
        elif span.level > 1:
            below = [level[at : at + TILE_WIDTH] for at in range(0, len(level), TILE_WIDTH)]
            hashes = [root_of(one) for one in below if len(one) == TILE_WIDTH]
            for _ in range(span.level - 2):
                hashes = [
                    root_of(hashes[at : at + TILE_WIDTH])
                    for at in range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)
                ]
            start = span.index * TILE_WIDTH
            _write(folder / span.path, b"".join(hashes[start : start + span.width]))
    note = signer.sign(format_checkpoint(ORIGIN, size, root)).encode()
    for name in ("checkpoint", f"checkpoints/{size}"):
        _write(folder / name, note)
    _write(folder / "key", f"{signer.verifier_key}\n".encode())
    return signer.verifier_key


def measure(folder: Path, key: str, size: int, workers: int) -> Measured:
    """Run the verifier on an export and return what it took."""
    command = [sys.executable, "-m", "assent_verify", "log", str(folder), "--key", key]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)
    peak = [0]
    watching = threading.Thread(target=_watch, args=(process, peak))
    watching.start()
    code = process.wait()
    seconds = time.perf_counter() - started
    watching.join()
    return Measured(size, seconds, peak[0] / 2**20, code)


def main() -> None:
    """Measure once and print the figures."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = make_export(folder, size)
        found = measure(folder, key, size, os.cpu_count() or 1)
    rate = found.entries / found.seconds
    print(f"{found.entries} entries in {found.seconds:.1f} s, {rate:,.0f}/s")
    print(f"peak {found.peak_mb:.0f} MB over all processes; exit code {found.exit_code}")
    own = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest single process {own:.0f} MB")


def _in_parts(folder: Path, size: int) -> Iterator[list[bytes]]:
    full = [span.index for span in spans(size)]
    chunks = [(folder, size, full[at : at + 512]) for at in range(0, len(full), 512)]
    with ProcessPoolExecutor() as pool:
        yield from pool.map(_write_bundles, chunks)


def _write_bundles(work: tuple[Path, int, list[int]]) -> list[bytes]:
    """Write some bundles and the tiles over them; return the roots of the full ones."""
    folder, size, numbers = work
    roots = []
    for number in numbers:
        start = number * TILE_WIDTH
        width = min(TILE_WIDTH, size - start)
        leaves = [leaf(index, size) for index in range(start, start + width)]
        hashes = [sha256(b"\x00" + one).digest() for one in leaves]
        bundle = b"".join(len(one).to_bytes(2, "big") + one for one in leaves)
        _write(folder / bundle_path(number, width), bundle)
        _write(folder / tile_path(0, number, width), b"".join(hashes))
        _write(folder / payloads_path(number), b"")
        if width == TILE_WIDTH:
            roots.append(root_of(hashes))
    return roots


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _watch(process: "subprocess.Popen[bytes]", peak: list[int]) -> None:
    import psutil

    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            for one in (root, *root.children(recursive=True)):
                total += one.memory_info().rss
        except psutil.Error:
            continue
        peak[0] = max(peak[0], total)
        time.sleep(_SAMPLES_EVERY_S)


if __name__ == "__main__":
    main()
