"""`assent policy check`, and where the other commands on policies live."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

if TYPE_CHECKING:
    from assent.policy.loader import Reading

app = App(name="policy", help="Check policies, try them on cases, and compare them.")
app.command("assent.cli.policy_cases:try_cases", name="test")
app.command("assent.cli.policy_diff:diff", name="diff")


@app.command
def check(
    folder: Path,
    /,
    *,
    config: Annotated[
        Path | None,
        Parameter(name="--config", help="Look for misspelt groups: these are all that there are."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Load every `*.cedar` file of a folder; list the rules, and all that is wrong.

    Parameters
    ----------
    folder
        The folder that `[policies] folder` of the configuration names.
    """
    from assent.policy.loader import check as check_policies
    from assent.protocols.every import PROTOCOLS

    groups = None
    if config is not None:
        from assent.config import load

        groups = load(config).groups
    reading = check_policies(read_folder(folder), PROTOCOLS, groups)
    if as_json:
        output.show_json(_as_json(reading))
    else:
        _print(reading, folder)
    return ExitCode.OPERATOR if reading.faults else ExitCode.OK


def read_folder(folder: Path) -> dict[str, str]:
    """Return file name → text of the policies in a folder. Raises CommandFault."""
    if not folder.is_dir():
        raise CommandFault(
            ExitCode.OPERATOR, "no-folder", f"`{folder}` is not a folder; name one with policies"
        )
    sources = {}
    for path in sorted(folder.glob("*.cedar")):
        try:
            sources[path.name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CommandFault(
                ExitCode.OPERATOR, "not-utf-8", f"`{path}` is not UTF-8; save it as UTF-8"
            ) from error
    return sources


def _as_json(reading: "Reading") -> dict[str, Any]:
    return {
        "good": not reading.faults,
        "revision": reading.policies.revision,
        "rules": [
            {
                "id": rule.id,
                "effect": rule.effect.value,
                "file": rule.file,
                "line": rule.line,
                "annotations": dict(rule.annotations),
            }
            for rule in reading.policies.rules
        ],
        "faults": [
            {"code": fault.code, "place": fault.place, "detail": fault.detail}
            for fault in reading.faults
        ],
    }


def _print(reading: "Reading", folder: Path) -> None:
    if reading.policies.rules or not reading.faults:
        _print_rules(reading, folder)
    for fault in reading.faults:
        output.note(f"{folder}/{fault.detail}")
    if reading.faults:
        output.note(f"\n{len(reading.faults)} wrong; none of these policies would be put in force")
    else:
        rules = output.counted(len(reading.policies.rules), "rule")
        output.say(f"\ngood: {rules}, {reading.policies.revision}")


def _print_rules(reading: "Reading", folder: Path) -> None:
    shown = ("id", "description")
    output.table(
        ("policy", "effect", "where", "annotations"),
        [
            (
                rule.id,
                rule.effect.value,
                f"{rule.file}:{rule.line}",
                "\n".join(f"@{k}: {v}" for k, v in rule.annotations.items() if k not in shown),
            )
            for rule in reading.policies.rules
        ],
        f"there are no policies in {folder}: nothing is permitted to anybody",
    )
