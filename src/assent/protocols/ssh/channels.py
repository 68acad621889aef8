"""What channels other than commands ask for, as statements: shells, forwarding, an agent."""

from assent.core.action import Operation, Statement, Touch
from assent.core.resource import Resource

_LONGEST_HOST = 255


def shell(account: str, *, terminal: bool) -> Statement:
    """Return that a shell is opened. terminal: somebody types into it.

    Without one its commands come as a stream, which nobody reads line by line: not understood.
    """
    touch = _on("ssh.shell", Operation.EXECUTE, "Account", account)
    if terminal:
        return Statement("ssh.shell", (touch,), complete=True)
    unknown = _on("ssh.unknown", Operation.UNKNOWN, "Account", account)
    problem = "a shell without a terminal takes its commands from a stream"
    return Statement("ssh.shell", (touch, unknown), complete=False, problems=(problem,))


def forward(host: str, port: int) -> Statement:
    """Return that an address is reached through the server."""
    return _address("ssh.forward", host, port)


def listen(host: str, port: int) -> Statement:
    """Return that the server listens. port: 0 for one that it chooses."""
    return _address("ssh.listen", host, port)


def agent(account: str) -> Statement:
    """Return that the client's agent is lent to whoever is that account there."""
    touch = _on("ssh.agent", Operation.EXECUTE, "Account", account)
    return Statement("ssh.agent", (touch,), complete=True)


def address(host: str, port: int) -> str:
    """Return `host:port`, as policies name it: in small letters, no dot at the end."""
    name = host.lower().rstrip(".")
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _address(verb: str, host: str, port: int) -> Statement:
    name = address(host, port)
    touch = _on(verb, Operation.EXECUTE, "Address", name[: _LONGEST_HOST + 8])
    good = len(host) <= _LONGEST_HOST and host.isprintable() and " " not in host
    if good:
        return Statement(verb, (touch,), complete=True)
    unknown = _on("ssh.unknown", Operation.UNKNOWN, "Address", "?")
    return Statement(verb, (unknown,), complete=False, problems=("its host is no name",))


def _on(verb: str, operation: Operation, kind: str, name: str) -> Touch:
    return Touch(verb, operation, Resource(kind, name))
