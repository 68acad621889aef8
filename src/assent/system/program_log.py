"""The program's own log: why it did what it did. It may be lost; it never stops anything."""

import contextlib
import os

import structlog

_STANDARD_ERROR = 2


class LossyLogger:
    """Writes lines to standard error, and lets go of what cannot be written.

    A disk that is full is often the one that the log goes to as well. What fails then is a
    decision, with an answer to whoever asked; the program must live to give it.
    """

    def msg(self, message: str) -> None:
        """Write one line, past every buffer: one that cannot be emptied would only grow."""
        with contextlib.suppress(OSError):
            os.write(_STANDARD_ERROR, message.encode("utf-8", "backslashreplace") + b"\n")

    log = debug = info = warn = warning = error = err = critical = fatal = exception = failure = msg


def configure() -> None:
    """Have everything that is logged from now on go through a LossyLogger, a JSON object a line.

    Tracebacks name files and lines and nothing else: the usual ones show local variables,
    and with them what a `Secret` was opened for.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: LossyLogger(),
    )
