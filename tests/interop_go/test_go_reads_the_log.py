"""Go's own client of its checksum database, and transparency-dev's, read an export of ours.

`tools/fetch_go_modules.sh` gets what they need.
"""

import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assent.audit.cosignature import KINDS, Cosigner
from assent.core.secret import Secret
from tampering.real_run import ORIGIN, SEED, RealRun
from unit.assent_verify.exports import KEY, NOON, SigningKey, a_log, an_export, text_of

SOURCE = Path(__file__).parent
SIZES = (0, 1, 2, 3, 255, 256, 257, 511, 600)


def go(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Go, which asks nobody on the network."""
    return subprocess.run(
        ["go", *arguments],
        cwd=SOURCE,
        env={**os.environ, "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program of this folder, built."""
    if shutil.which("go") is None:
        pytest.skip("left out: go is not installed")
    if go("list", "-deps", ".").returncode:
        pytest.skip("left out: Go's modules are not there; tools/fetch_go_modules.sh gets them")
    built = tmp_path_factory.mktemp("go") / "interop"
    done = go("build", "-o", str(built), ".")
    assert done.returncode == 0, done.stderr
    return str(built)


def told(program: str, what: str, folder: Path, *keys: str) -> dict[str, Any]:
    """Return what the program proved."""
    done = subprocess.run(
        [program, what, str(folder), *keys], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_program_has_nothing_that_go_vet_complains_about(program: str) -> None:
    done = go("vet", ".")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_export_of_a_gateway_is_proved_entry_by_entry(program: str, real_run: RealRun) -> None:
    found = told(
        program, "export", real_run.export, SigningKey(ORIGIN, SEED).text, real_run.witness
    )
    size, root = (real_run.export / "checkpoint").read_text().split("\n")[1:3]
    assert (found["entries"], found["root"]) == (int(size), root)
    retained = list((real_run.export / "checkpoints").iterdir())
    assert found["checkpoints"] == found["trees"] == len(retained)
    cosigned = sum(path.read_text().count("\n— witness.example/") for path in retained)
    assert found["cosignatures"] == cosigned > 0


def test_receipts_are_proved_alone(program: str, real_run: RealRun) -> None:
    folder = real_run.kept.parent
    found = told(program, "receipts", folder, SigningKey(ORIGIN, SEED).text, real_run.witness)
    assert found["receipts"] == found["cosignatures"] == len(real_run.receipts)


def test_what_was_changed_is_refused_there_too(
    program: str, real_run: RealRun, tmp_path: Path
) -> None:
    folder = shutil.copytree(real_run.export, tmp_path / "export")
    bundle = folder / "tile" / "entries" / "000"
    bundle.write_bytes(bundle.read_bytes().replace(b'"kind":"login"', b'"kind":"logon"', 1))
    keys = [SigningKey(ORIGIN, SEED).text, real_run.witness]
    done = subprocess.run(
        [program, "export", str(folder), *keys], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("entry ")


@pytest.mark.parametrize("size", SIZES)
def test_logs_of_awkward_sizes_are_proved(program: str, tmp_path: Path, size: int) -> None:
    sizes = [one for one in SIZES if one <= size]
    found = told(program, "export", written(tmp_path, an_export(a_log(size), sizes)), KEY.text)
    assert (found["entries"], found["checkpoints"]) == (size, len(sizes))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_both_kinds_of_cosignatures_are_accepted(program: str, tmp_path: Path, kind: str) -> None:
    """Source: C2SP tlog-cosignature, Ed25519 and ML-DSA-44."""
    leaves = a_log(5)
    text = text_of(leaves, 5)
    cosigner = Cosigner("witness.example/w1", KINDS[kind], Secret(b"w" * 32))
    line = cosigner.line(text, NOON + timedelta(seconds=0.5))
    note = f"{text}\n{KEY.line(text)}{line}\n".encode()
    folder = written(tmp_path, an_export(leaves) | {"checkpoint": note, "checkpoints/5": note})
    assert told(program, "export", folder, KEY.text, cosigner.verifier.text())["cosignatures"] == 1
