"""What an exit code means: one table for all commands, and one fault that carries a code."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. `audit verify` has a table of its own (`VERIFY_MEANINGS`)."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    DENIED = 3
    MISSING = 4
    CONFLICT = 5
    OUTSIDE = 6
    OPERATOR = 7
    NOT_SIGNED_IN = 8
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.UNEXPECTED: "something unexpected; the fault is ours",
    ExitCode.USAGE: "the command or its input was not understood",
    ExitCode.DENIED: "denied: you may not, a policy says no, or the request was refused",
    ExitCode.MISSING: "there is no such thing, or it is not yours to see",
    ExitCode.CONFLICT: "too late: it was answered or settled already",
    ExitCode.OUTSIDE: "something else is away or slow: the server, the network, a file system",
    ExitCode.OPERATOR: "configuration or policies are wrong",
    ExitCode.NOT_SIGNED_IN: "not signed in, or not any more",
    ExitCode.INTERRUPTED: "interrupted from the keyboard",
}

VERIFY_MEANINGS = {
    0: "the log is good",
    1: "the log was tampered with; the entry is named",
    2: "the log is incomplete: what is there is proved",
    3: "nobody outside has seen the log for longer than `--fresh-within`",
    4: "nobody whom the reader trusts has signed it",
    64: "the command was not understood, or a file cannot be read",
}


class CommandFault(Exception):
    """A command cannot go on. detail: one sentence that says what to do next."""

    def __init__(self, exit_code: ExitCode, code: str, detail: str) -> None:
        super().__init__(detail)
        self.exit_code = exit_code
        self.code = code
        self.detail = detail
