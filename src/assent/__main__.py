"""`assent`: runs one command and turns how it ended into an exit code and one sentence."""

import json
import os
import sys
from collections.abc import Sequence

from cyclopts import CycloptsError

from assent.cli.application import build
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import clean
from assent.core.faults import ConflictFault, Fault, ForbiddenFault, MissingFault, OperatorFault

_FAULTS: tuple[tuple[type[Fault], ExitCode], ...] = (
    (OperatorFault, ExitCode.OPERATOR),
    (ForbiddenFault, ExitCode.DENIED),
    (MissingFault, ExitCode.MISSING),
    (ConflictFault, ExitCode.CONFLICT),
)


def main() -> None:
    """Run the command of this process and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code (`cli.exit_codes`).

    What is not a fault of ours to name leaves a traceback and exit code 1.
    """
    as_json = "--json" in arguments
    try:
        code = build()(list(arguments))
        sys.stdout.flush()
    except CommandFault as fault:
        return _ended(fault.exit_code, fault.code, fault.detail, as_json)
    except CycloptsError as error:
        text = f"{_sentence(str(error))}; `assent --help` lists what there is"
        return _ended(ExitCode.USAGE, "usage", text, as_json)
    except Fault as fault:
        return _ended(_exit_code(fault), fault.code, fault.detail, as_json)
    except BaseExceptionGroup as group:
        # A task group of the server wraps even a single fault.
        inner = _only_fault(group)
        return _ended(_exit_code(inner), inner.code, inner.detail, as_json)
    except BrokenPipeError:
        # The reader of a pipe has had enough (`assent grants | head`); that is no fault.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except OSError as error:
        text = f"`{error.filename or 'the system'}`: {(error.strerror or str(error)).lower()}"
        return _ended(ExitCode.OUTSIDE, "system", text, as_json)
    except KeyboardInterrupt:
        return _ended(ExitCode.INTERRUPTED, "interrupted", "interrupted", as_json)
    return code if isinstance(code, int) else ExitCode.OK


def _ended(exit_code: int, code: str, detail: str, as_json: bool) -> int:
    if as_json:
        print(
            json.dumps({"error": {"code": code, "detail": detail, "exit_code": int(exit_code)}}),
            file=sys.stderr,
        )
    else:
        print(f"assent: {clean(detail)}", file=sys.stderr)
    return int(exit_code)


def _exit_code(fault: Fault) -> ExitCode:
    return next((code for kind, code in _FAULTS if isinstance(fault, kind)), ExitCode.OUTSIDE)


def _only_fault(group: BaseExceptionGroup[BaseException]) -> Fault:
    """Return the fault when there is nothing but one in the group; otherwise raise the group."""
    inner = group.exceptions
    if len(inner) == 1 and isinstance(inner[0], BaseExceptionGroup):
        return _only_fault(inner[0])
    if len(inner) == 1 and isinstance(inner[0], Fault):
        return inner[0]
    raise group


def _sentence(text: str) -> str:
    # The parser adds a list of all commands, cut off somewhere.
    words = " ".join(text.split()).partition(" Available commands")[0].rstrip(".")
    return words[:1].lower() + words[1:]


if __name__ == "__main__":
    main()
