"""Runs an ES module of the pages in Node, whose WebCrypto is that of browsers."""

import json
import subprocess
from pathlib import Path
from typing import Any

import assent

ASSETS = Path(assent.__file__).parent / "web" / "assets"

_DRIVER = """
import { readFileSync } from "node:fs"
const said = JSON.parse(readFileSync(0, "utf8"))
const each = (value, turned) =>
  Object.fromEntries(Object.entries(value).map(([name, one]) => [name, turned(one)]))
const bytes = (value) =>
  Array.isArray(value) ? value.map(bytes)
  : value?.hex !== undefined ? new Uint8Array(Buffer.from(value.hex, "hex"))
  : value && typeof value === "object" ? each(value, bytes)
  : value
const plain = (value) =>
  value instanceof Uint8Array ? { hex: Buffer.from(value).toString("hex") }
  : Array.isArray(value) ? value.map(plain)
  : value && typeof value === "object" ? each(value, plain)
  : value
const module = await import(said.module)
const answers = []
for (const [name, ...values] of said.calls) {
  try { answers.push({ value: plain(await module[name](...values.map(bytes))) ?? null }) }
  catch (error) { answers.push({ error: error.message }) }
}
console.log(JSON.stringify(answers))
"""


def called(module: str, calls: list[list[Any]]) -> list[dict[str, Any]]:
    """Return what each call of a module's function answered: `value`, or `error`.

    Bytes go in and come out as `{"hex": …}`.
    """
    said = {"module": (ASSETS / module).as_uri(), "calls": [_plain(call) for call in calls]}
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _DRIVER],
        input=json.dumps(said),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
