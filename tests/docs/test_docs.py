"""What the documentation says is so, and nothing that it should say is left out."""

import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from assent import config, policy
from assent.cli.application import command_names
from assent.cli.exit_codes import MEANINGS, VERIFY_MEANINGS
from assent.core.assessment import Assessment, Factor
from assent.core.entry import EntryKind
from assent.core.evidence import Evidence
from assent.policy.annotations import ALLOWED
from assent.policy.facts import EVERY_FACT
from assent.protocols import postgres
from assent.protocols.every import PROTOCOLS
from assent.protocols.postgres import refusals
from assent.risk.budget import ENOUGH, HIGH_BOUNDS, MEDIUM_BOUNDS
from assent.risk.confidence import HIGH_FROM_DAYS, HIGH_FROM_SESSIONS, MEDIUM_FROM_SESSIONS
from assent.risk.dimensions import dimension
from assent.risk.model import MODEL
from assent.risk.profile import GROWN, WEEKLY_SHARE
from assent.signals import SIGNALS
from shell_sessions import Shown, Terminal, shown, unmatched

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"])
PLAYED = [
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorials").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ASKS_FOR_NOTHING = 'assent connect shop -- -X -c "SELECT 1 FROM nothing_of_this_name"'
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", _text(page)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCED.sub("", _text(page))):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (
            anchor and there.suffix == ".md" and anchor not in _anchors(there)
        ):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(_text(index))
    }
    folders = {place for place in linked if place.is_dir()}
    pages = [page for page in PAGES if ROOT / "docs" in page.parents and page != index]
    lost = [_name(page) for page in pages if page not in linked and not folders & {*page.parents}]
    assert lost == []


def test_the_architecture_page_has_the_floors_and_folders_that_there_are() -> None:
    page = _text(ROOT / "ARCHITECTURE.md")
    settings = tomllib.loads(_text(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(item["layers"] for item in settings if item["type"] == "layers")
    drawn = re.search(r"^```text\n(.*?)^```$", page, re.S | re.M)
    assert drawn is not None
    assert [line.split("   ")[0].strip() for line in drawn.group(1).splitlines()] == layers
    folders = [place.parent.name for place in (ROOT / "src" / "assent").glob("*/__init__.py")]
    tests = [place.name for place in (ROOT / "tests").iterdir() if place.is_dir()]
    named = [*folders, *(name for name in tests if not name.startswith((".", "_")))]
    lost = [name for name in sorted(named) if not re.search(rf"^\|.*`{name}[`/]", page, re.M)]
    assert lost == []


def _everything() -> str:
    return "\n".join(_text(page) for page in PAGES)


def test_every_key_of_the_configuration_is_in_the_documentation() -> None:
    sections = [
        config.ServerConfig,
        config.PostgresConfig,
        config.PoliciesConfig,
        config.NetworkConfig,
        config.RiskConfig,
        config.PersonConfig,
        config.TargetConfig,
        config.LabelRuleConfig,
        config.DetectorConfig,
    ]
    keys = {item.name for section in sections for item in fields(section)}
    text = _everything()
    assert [key for key in sorted(keys) if not re.search(rf"^{key} = |`{key}`", text, re.M)] == []


def test_what_entries_hold_of_an_assessment_is_in_the_format() -> None:
    text = _text(ROOT / "docs" / "specs" / "log-format.md")
    assessment = {item.name for item in fields(Assessment)}
    keys = (
        {item.name for item in fields(Evidence)}
        | assessment
        | {item.name for item in fields(Factor)}
    )
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
    ours = {
        EntryKind.SECURITY_EVENT,
        EntryKind.PROFILE_FORGOTTEN,
        EntryKind.APPROVAL,
        EntryKind.LABELS_SCANNED,
        EntryKind.LABEL_SUGGESTED,
        EntryKind.LABEL_DECIDED,
    }
    assert [kind for kind in sorted(ours) if f"| `{kind.value}` |" not in text] == []


def test_every_operation_on_risk_is_in_the_reference_of_the_api() -> None:
    text = _text(ROOT / "docs" / "reference" / "http-api.md")
    source = (ROOT / "src" / "assent" / "api" / "routes" / "risk.py").read_text(encoding="utf-8")
    found = re.findall(r'@router\.(\w+)\("(/[^"]+)"', source)
    assert found
    wanted = [f"`{verb.upper()} /v1/risk{re.sub('{.*?}', '{', path)}" for verb, path in found]
    plain = re.sub(r"{\w+}", "{", text)
    assert [line for line in wanted if line not in plain] == []


def test_every_word_of_policies_is_in_their_reference() -> None:
    text = _text(ROOT / "docs" / "reference" / "policies.md")
    annotations = {f"@{name}" for names in ALLOWED.values() for name in names}
    facts = {f"`context.{fact}`" for fact in EVERY_FACT}
    assert [word for word in sorted(annotations | facts) if word not in text] == []


def test_every_verb_is_in_the_documentation() -> None:
    text = _everything()
    verbs = {"session.open", "access.request"}.union(*(plugin.verbs for plugin in PROTOCOLS))
    assert [verb for verb in sorted(verbs) if f"`{verb}`" not in text] == []


def test_every_obligation_is_explained() -> None:
    text = _text(ROOT / "docs" / "explanation" / "decisions-and-reuse.md")
    assert [name for name in sorted(postgres.PLUGIN.honours) if f"`{name}`" not in text] == []


def test_every_signal_and_attacker_is_explained_with_its_bounds() -> None:
    text = _text(ROOT / "docs" / "explanation" / "risk.md")
    assert [signal.name for signal in SIGNALS if f"| `{signal.name}` |" not in text] == []
    tool = ROOT / "tools" / "write_signal_table.py"
    ended = subprocess.run([sys.executable, str(tool), "--check"], check=False)
    assert ended.returncode == 0, "run `python tools/write_signal_table.py`"


def test_the_roles_on_the_page_are_those_of_the_code() -> None:
    tool = ROOT / "tools" / "write_role_reference.py"
    ended = subprocess.run([sys.executable, str(tool), "--check"], check=False)
    assert ended.returncode == 0, "run `python tools/write_role_reference.py`"


def test_the_levels_and_bounds_on_the_pages_are_those_of_the_model() -> None:
    risk = _text(ROOT / "docs" / "explanation" / "risk.md")
    words = (
        f"`medium` from {MODEL.medium_from}, `high` from {MODEL.high_from}",
        f"{MODEL.points_per_bit} × (rise in bits − {MODEL.ordinary_bits:.0f}, at least 0)",
        f"take away {MODEL.most_discount} points at most",
        f"low below {MEDIUM_FROM_SESSIONS} sessions",
        f"high from {HIGH_FROM_SESSIONS} sessions over {HIGH_FROM_DAYS}",
        f"Until {ENOUGH:.0f} actions were seen",
        f"within {MEDIUM_BOUNDS[0]}–{MEDIUM_BOUNDS[1]} and `high` within {HIGH_BOUNDS[0]}–",
        f"by {WEEKLY_SHARE:.0%} at most".replace("%", " %"),
        f"a grown profile ({GROWN:.0f} events)",
    )
    plain = " ".join(risk.split())
    assert [said for said in words if said not in plain] == []
    halves = re.findall(r"^\| (.+?) \| .+ \| (\d+) days \|$", risk, re.M)
    told = {name: int(days) for names, days in halves for name in names.split(", ")}
    named = {name: of for name in told if (of := dimension(name)).half_life_days != told[name]}
    assert named == {}


def test_every_sqlstate_of_ours_is_in_the_reference() -> None:
    text = _text(ROOT / "docs" / "reference" / "postgres.md")
    named = [value for name, value in vars(refusals).items() if name.isupper()]
    codes = {code for code in named if isinstance(code, str) and re.fullmatch("[0-9A-Z]{5}", code)}
    codes |= set(refusals.SQLSTATES.values())
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_every_exit_code_and_command_is_in_the_reference() -> None:
    text = _text(ROOT / "docs" / "reference" / "cli.md")
    rows = [*MEANINGS.items(), *VERIFY_MEANINGS.items()]
    assert [int(code) for code, meaning in rows if f"| {int(code)} | {meaning} |" not in text] == []
    assert [name for name in command_names() if f"assent {name}" not in text] == []


def test_policies_in_guides_load() -> None:
    for page in PLAYED:
        for number, block in enumerate(
            re.findall(r"^```cedar\n(.*?)^```$", _text(page), re.S | re.M)
        ):
            policy.load({f"{_name(page)}-{number}.cedar": block}, PROTOCOLS)


def test_the_state_diagrams_are_those_of_the_tables() -> None:
    tool = ROOT / "tools" / "write_state_diagrams.py"
    ended = subprocess.run([sys.executable, str(tool), "--check"], check=False)
    assert ended.returncode == 0, "run `python tools/write_state_diagrams.py`"


def test_no_page_names_a_registry_or_somebodys_machine() -> None:
    wrong = re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.npmjs|crates\.io|docker\.io|ghcr\.io"
        r"|proxy\.golang|(?<![\w.])/work/|/root/|(?<![-\w])/home/[a-z]|localhost:(?!8470)\d"
    )
    places = [*PAGES, ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "package-lock.json"]
    places += sorted((ROOT / "requirements").glob("*.txt"))
    assert [
        (_name(place), found.group()) for place in places if (found := wrong.search(_text(place)))
    ] == []


def test_the_pictures_are_well_formed_and_load_nothing() -> None:
    from xml.etree import ElementTree

    for picture in sorted((ROOT / "docs" / "images").glob("*.svg")):
        text = _text(picture)
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert "prefers-color-scheme: dark" in text
        assert re.search(r"href|url\((?!#)|@import", text) is None


def test_the_pictures_of_the_console_are_small_and_can_be_made_again() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "write_pictures.py"))
    pictures = {one.name: one for one in tool["PICTURES"]}
    there = {path.name: path.read_bytes() for path in (ROOT / "docs" / "images").glob("*.png")}
    assert set(there) == set(pictures)
    for name, png in there.items():
        width, height = tool["size"](png)
        assert len(png) <= tool["LARGEST_BYTES"]
        assert (width, height <= pictures[name].height) == (1280, True)


def test_figures_come_from_measurements_only(tmp_path: Path) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "write_figures.py"))
    page = "<!-- figures: some start_up_s -->\nold\n<!-- /figures -->"
    assert "Not measured yet" in tool["filled"](page, tmp_path)
    figure = {"name": "start_up_s", "value": 1.2345, "unit": "s", "goal": "<= 1.5"}
    (tmp_path / "some.json").write_text(json.dumps({"figures": [figure]}), encoding="utf-8")
    filled = tool["filled"](page, tmp_path)
    assert "| `start_up_s` | 1.23 s | <= 1.5 |" in filled
    assert "old" not in filled
    assert tool["filled"](filled, tmp_path) == filled


def test_lines_are_compared_in_order_and_loosely() -> None:
    printed = "one   two\nreq_1 is pending\nthree"
    assert unmatched(("one two", "req_… is …", "three"), printed) is None
    assert unmatched(("three", "one"), printed) == "one"
    assert unmatched(("four",), printed) == "four"


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. told: what it printed of the story."""

    folder: Path
    told: str
    url: str
    postgres: str


@contextmanager
def _demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="assent-docs-"))
    # The database runs as another user when we are root, and must get to its own folder.
    folder.chmod(0o711)
    process = subprocess.Popen(
        [sys.executable, "-m", "assent", "demo", "--folder", str(folder / "world")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        told = "".join(_until_it_invites(process))
        url = re.search(r"The console: +(http://\S+)", told)
        postgres_at = re.search(r"through the gateway: (\S+)", told)
        assert url is not None, told
        assert postgres_at is not None, told
        yield Demo(folder / "world", told, url.group(1), postgres_at.group(1))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def _until_it_invites(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    deadline = time.monotonic() + 90
    for line in process.stdout:
        yield line
        if "approve req_…" in line or time.monotonic() > deadline:
            return


@pytest.mark.timeout(300)
def test_what_the_pages_show_is_what_happens() -> None:
    with _demo() as demo:
        renamed = {
            "localhost:8470": demo.url.removeprefix("http://"),
            "127.0.0.1:6432": demo.postgres,
        }
        terminal = Terminal(demo.folder, Path(sys.executable).parent, renamed)
        wrong = [_transcript(demo, renamed)]
        # The first request of the story, which the readme goes on about.
        held = re.search(r"request (req_[0-9a-v]{26})", demo.told)
        terminal.ids["req_"] = held.group(1) if held else ""
        try:
            # The demo fills the shop anew past the gateway; a name that is nowhere has it look.
            terminal.perform(Shown(0, "nora", _ASKS_FOR_NOTHING, ()))
            for page in PLAYED:
                wrong += [_played(terminal, page, item) for item in shown(_text(page))]
        finally:
            terminal.end()
    assert not any(wrong), "\n\n".join(filter(None, wrong))


def _played(terminal: Terminal, page: Path, item: Shown) -> str:
    words = terminal.perform(item)
    return f"{_name(page)}:{item.line}: {item.text}\n{words}" if words else ""


def _transcript(demo: Demo, renamed: dict[str, str]) -> str:
    """Return what the readme's transcript shows and the demo did not print."""
    block = re.search(r"^```text\n(.*?)^```$", _text(ROOT / "README.md"), re.S | re.M)
    assert block is not None
    told = demo.told
    for here, there in renamed.items():
        told = told.replace(there, here)
    lines = tuple(line for line in block.group(1).splitlines() if line.strip())
    missing = unmatched(lines, told)
    return f"README.md shows, and the demo does not print: {missing}\n{told}" if missing else ""
