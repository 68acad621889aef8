"""What can be done over SSH, and to what."""

from collections.abc import Mapping

from assent.core.action import Operation

OPERATIONS: Mapping[str, Operation] = {
    "ssh.shell": Operation.EXECUTE,
    "ssh.execute": Operation.EXECUTE,
    "ssh.elevate": Operation.ADMINISTER,
    "ssh.forward": Operation.EXECUTE,
    "ssh.listen": Operation.EXECUTE,
    "ssh.agent": Operation.EXECUTE,
    "file.list": Operation.READ,
    "file.read": Operation.READ,
    "file.write": Operation.WRITE,
    "file.delete": Operation.WRITE,
    "file.administer": Operation.ADMINISTER,
    "ssh.unknown": Operation.UNKNOWN,
}
"""Verb → what it usually does; a touch says itself what it does.

`ssh.shell`: open an interactive shell, on an Account. `ssh.execute`: run a Program. `ssh.elevate`:
become another Account (sudo, su). `ssh.forward`: reach an Address through the server; `ssh.listen`:
have the server listen on one. `ssh.agent`: lend it the client's agent, on an Account. `file.*`: by
SFTP, SCP, or by a redirection or a program that is known to; `file.administer`: owner, mode, links.
`ssh.unknown`: what could not be understood.
"""

VERBS = frozenset(OPERATIONS)
RESOURCES = frozenset({"Account", "Program", "File", "Address"})
