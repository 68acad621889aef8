"""A wrapper that starts one program as an unprivileged user and ties its life to its parent.

Run as a file, `python -I child.py UID GID PARENT PROGRAM ARGUMENTS…`, so that it needs nothing
of ours. It becomes the program; it never returns.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop to the user, ask for SIGINT when the parent dies, and become the program.

    Order matters: Linux forgets the parent-death signal when the user changes.
    """
    uid, gid, parent = (int(word) for word in arguments[:3])
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if library is not None:
        library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        # The parent may have died before we asked; nobody would ever end us then.
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(arguments[3], arguments[3:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
