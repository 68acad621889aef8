"""Commands of a shell, read to what they touch."""

from assent.protocols.ssh.commands.reading import LineRead, read_command, read_line

__all__ = ["LineRead", "read_command", "read_line"]
