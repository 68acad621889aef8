"""Each attack is named by the check that must name it, and by no lesser exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assent_verify.__main__ import main as assent_verify
from assent_verify.report import CHECKS
from tampering.corpus import ATTACKS
from tampering.forging import KEPT, NEXT_DAY, RECEIPT, WITNESSED, Attack, Forged, later
from tampering.logs import made_up_log, real_log
from tampering.real_run import RealRun

ROOT = Path(__file__).parents[2]
READERS = {attack.reader for attack in ATTACKS}
GOOD = ("ok", "skipped")


@pytest.fixture(scope="session")
def real(real_run: RealRun) -> Forged:
    """The log of a real gateway; attacks get copies."""
    return real_log(real_run)


@pytest.fixture(scope="session")
def made_up() -> Forged:
    return made_up_log()


def asked_by(reader: str, log: Forged, folder: Path) -> list[str]:
    """Return what this reader gives to the verifier, of their own."""
    own = folder / "own"
    own.mkdir()
    if reader in (WITNESSED, NEXT_DAY):
        trust = own / "trust"
        trust.write_text(f"log {log.key.text}\nwitness w1 {log.witness}\nquorum w1\n")
        fresh = ["--fresh-within", "1h", "--at", later(log.ended_at, 60)]
        return ["--policy", str(trust), *(fresh if reader == NEXT_DAY else [])]
    asked = ["--key", log.key.text]
    if reader == KEPT:
        kept = own / "checkpoint"
        kept.write_text(log.kept[1])
        asked += ["--checkpoint", str(kept)]
    if reader == RECEIPT:
        for name, content in log.receipts.items():
            (own / name).write_bytes(content)
        for path in own.glob("*.tlog-proof"):
            asked += ["--receipt", str(path)]
    return asked


def told(capsys: pytest.CaptureFixture[str], folder: Path, asked: list[str]) -> tuple[int, Any]:
    """Return the exit code and the report of the verifier."""
    code = assent_verify(["log", str(folder), *asked, "--json", "--quiet", "--workers", "1"])
    return code, json.loads(capsys.readouterr().out)


def check_named(
    attack: Attack, log: Forged, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = asked_by(attack.reader, log, folder)
    if attack.reader == NEXT_DAY and "a day later" in attack.what:
        asked[-1] = later(log.ended_at, 86_400)
    forged = log.copy()
    attack.act(forged)
    assert forged.files != log.files, "nothing was changed"
    code, report = told(capsys, forged.write(folder / "export"), asked)
    bad = {check["number"]: check for check in report["checks"] if check["status"] not in GOOD}
    shown = json.dumps(bad, indent=1)
    assert code == attack.code, shown
    assert set(bad) >= {attack.check} - {0}, shown
    if attack.check:
        assert attack.words in "; ".join(bad[attack.check]["details"]), shown


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_on_the_log_of_a_gateway_is_named(
    attack: Attack, real: Forged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_named(attack, real, tmp_path, capsys)


@pytest.mark.parametrize(
    "attack", [one for one in ATTACKS if one.anywhere], ids=lambda attack: attack.name
)
def test_an_attack_on_any_log_is_named(
    attack: Attack, made_up: Forged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_named(attack, made_up, tmp_path, capsys)


@pytest.mark.parametrize("reader", sorted(READERS))
@pytest.mark.parametrize("which", ["real", "made_up"])
def test_what_nobody_touched_is_good(
    which: str,
    reader: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log: Forged = request.getfixturevalue(which)
    asked = asked_by(reader, log, tmp_path)
    code, report = told(capsys, log.copy().write(tmp_path / "export"), asked)
    bad = [check for check in report["checks"] if check["status"] not in GOOD]
    assert (code, bad) == (0, [])


def test_who_signs_all_anew_without_a_change_makes_a_log_that_is_good(
    real: Forged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What attacks with the key do besides their change gives nothing away."""
    forged = real.copy()
    forged.sign()
    code, report = told(capsys, forged.write(tmp_path / "export"), ["--key", real.key.text])
    assert code == 0, report
    assert forged.files["tile/entries/000"] == real.files["tile/entries/000"]


def test_no_attack_is_there_twice() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)


def test_the_page_has_every_attack() -> None:
    tool = ROOT / "tools" / "write_tampering_table.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], check=False)
    assert done.returncode == 0, "run `python tools/write_tampering_table.py`"


def test_every_check_names_an_attack() -> None:
    assert {attack.check for attack in ATTACKS} == {*CHECKS, 0}
