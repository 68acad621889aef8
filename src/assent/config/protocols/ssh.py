"""The SSH gateway, and what a target of `protocol = "ssh"` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SshConfig:
    """`[ssh]`: the SSH gateway.

    listen: `host:port`; port 0 takes a free one, empty for no such door. most_connections: clients
    at once. Its host key and the key that signs certificates of sessions are made in the data
    folder.
    """

    listen: str = ""
    most_connections: int = 1000


@dataclass(frozen=True, slots=True)
class SshTargetConfig:
    """`[targets.ssh]`: a server that speaks SSH.

    host_keys: its public keys, as `ssh-keyscan` prints them without the host name (`ssh-ed25519
    AAAA…`); no other is spoken to. login: how the gateway signs in there: `certificate`, by a
    short-lived one of the gateway's own authority, or `key`, by the private key that `password`
    refers to. accounts: further ones that clients may name, beside `user`. lines: which lines of
    a shell are decided on: `all`, where what cannot be read for sure, or goes to a program, needs
    a permit for `ssh.unknown`; `seen`, only those at a prompt that can be seen; `off` for none.
    """

    host_keys: tuple[str, ...] = ()
    login: str = "certificate"
    accounts: tuple[str, ...] = ()
    lines: str = "all"
