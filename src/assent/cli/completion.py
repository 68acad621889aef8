"""`assent completion`."""

from typing import Literal

from assent.cli.application import build


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print the completion script of a shell; load it from the shell's start-up file.

    Parameters
    ----------
    shell
        Which shell; for bash, add `source <(assent completion bash)` to `~/.bashrc`.
    """
    print(build().generate_completion(shell=shell))
