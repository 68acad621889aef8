"""Commands of a shell, read to what they touch."""

from assent.protocols.ssh.commands.reading import read_command

__all__ = ["read_command"]
