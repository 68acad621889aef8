"""`assent policy test`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

if TYPE_CHECKING:
    from assent.policy.cases import Coverage, Result

SUFFIX = ".policy-test.toml"


@dataclass(frozen=True, slots=True)
class _Tried:
    """The results of all files that are about one folder of policies."""

    policies: Path
    revision: str
    results: "Sequence[Result]"
    coverage: "Coverage"


def try_cases(
    *paths: Path,
    policies: Annotated[
        Path | None,
        Parameter(help="The folder of policies; by default what each file says, or where it is."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Try policies on cases: given who and where, when they do this, then that is the answer.

    No server is needed. The exit code is 0 when all are as expected, 1 when one is not, and 2
    when a file cannot be read or there is no case at all.

    Parameters
    ----------
    paths
        Files `*.policy-test.toml`, and folders of them; the current folder where none is named.
    """
    from assent.core.faults import OperatorFault

    try:
        tried = _tried(paths or (Path(),), policies)
    except OperatorFault as fault:
        raise CommandFault(ExitCode.USAGE, fault.code, fault.detail) from fault
    failed = sum(not result.passed for one in tried for result in one.results)
    if as_json:
        output.show_json(_as_json(tried))
    else:
        _print(tried, failed)
    return ExitCode.UNEXPECTED if failed else ExitCode.OK


def _tried(paths: Sequence[Path], policies: Path | None) -> list[_Tried]:
    from assent.cli.policy import read_folder
    from assent.core.faults import OperatorFault
    from assent.policy.case_files import read_cases
    from assent.policy.cases import coverage, run
    from assent.policy.loader import load
    from assent.protocols.every import PROTOCOLS
    from assent.protocols.texts import read_text

    files = list(_files(paths))
    if not files:
        raise OperatorFault("policy-test", f"there is no file `*{SUFFIX}` in what was named")
    by_folder: dict[Path, list[Any]] = {}
    for path in files:
        read = read_cases(str(path), _text(path))
        folder = policies or (path.parent / read.policies)
        by_folder.setdefault(folder.resolve(), []).append(read)
    tried = []
    for folder, read_files in by_folder.items():
        loaded = load(read_folder(folder), PROTOCOLS)
        results = [result for read in read_files for result in run(read, loaded, read_text)]
        tried.append(_Tried(folder, loaded.revision, results, coverage(loaded, results)))
    return tried


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    from assent.core.faults import OperatorFault

    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob(f"*{SUFFIX}"))
        elif path.is_file():
            yield path
        else:
            raise OperatorFault("policy-test", "there is no such file or folder", str(path))


def _text(path: Path) -> str:
    from assent.core.faults import OperatorFault

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise OperatorFault("policy-test", "cannot be read as UTF-8", str(path)) from fault


def _print(tried: Sequence[_Tried], failed: int) -> None:
    for one in tried:
        for result in one.results:
            mark = "ok  " if result.passed else "FAIL"
            output.say(f"{mark} {result.case.place()}  {result.case.name}")
            for problem in result.problems:
                for line in problem.splitlines():
                    output.say(f"       {line}")
        never = one.coverage.never
        total = len(never) + len(one.coverage.exercised)
        settled = f"{len(one.coverage.exercised)} of {output.counted(total, 'policy', 'policies')}"
        output.say(f"\n{one.policies} ({one.revision}): {settled} settled a case")
        if never:
            output.say(f"never exercised: {', '.join(never)}")
    cases = sum(len(one.results) for one in tried)
    said = f"{failed} of {output.counted(cases, 'case')} failed" if failed else "all as expected"
    output.say(f"\n{output.counted(cases, 'case')}: {said}")


def _as_json(tried: Sequence[_Tried]) -> dict[str, Any]:
    return {
        "passed": all(result.passed for one in tried for result in one.results),
        "policies": [
            {
                "folder": str(one.policies),
                "revision": one.revision,
                "exercised": list(one.coverage.exercised),
                "never_exercised": list(one.coverage.never),
                "cases": [
                    {
                        "file": result.case.file,
                        "line": result.case.line,
                        "name": result.case.name,
                        "passed": result.passed,
                        "answer": result.answer,
                        "problems": list(result.problems),
                    }
                    for result in one.results
                ],
            }
            for one in tried
        ],
    }
