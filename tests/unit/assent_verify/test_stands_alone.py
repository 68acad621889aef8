"""The verifier needs Python, `cryptography` and itself: nothing of the program that it checks."""

import subprocess
import sys
from pathlib import Path

import pytest

from unit.assent_verify.exports import KEY, a_log, an_export
from unit.assent_verify.test_main import written

ROOT = Path(__file__).resolve().parents[3]

# The child refuses to import anything else, and says what of `cryptography`'s own needs it let in.
CHILD = """
import sys

allowed = {"assent_verify", "cryptography", "_cffi_backend", "cffi"} | sys.stdlib_module_names

class Only:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed:
            raise ModuleNotFoundError(f"{name} may not be imported", name=name)

sys.meta_path.insert(0, Only())
sys.path.insert(0, sys.argv[1])
from assent_verify.__main__ import main
code = main(sys.argv[2:])
print(sorted({name.split(".")[0] for name in sys.modules} & {"assent", "cedarpy", "httpx"}))
raise SystemExit(code)
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_verifies_where_nothing_else_can_be_imported(tmp_path: Path, workers: str) -> None:
    folder = written(tmp_path / "export", an_export(a_log(300)))
    source = str(ROOT / "verifier" / "src")
    command = [sys.executable, "-I", "-c", CHILD, source, "log", folder]
    done = subprocess.run(
        [*command, "--key", KEY.text, "--workers", workers],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("good: 300 entries are what was signed\n[]\n")
