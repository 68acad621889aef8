"""`assent config check` and `assent config password`."""

import asyncio
import sys
from hmac import compare_digest
from pathlib import Path

from cyclopts import App

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.cli.serve import ConfigFile
from assent.cli.sign_in import PasswordFile, read_password
from assent.core.secret import Secret

LONGEST = 1024
"""Of a password, in characters: what sign-in takes."""

app = App(name="config", help="Check a configuration, or hash a password for it.")


@app.command
def check(*, config: ConfigFile = Path("assent.toml"), as_json: AsJson = False) -> None:
    """Check a configuration as `assent serve` would: the file, its secrets and its policies."""
    from assent.app import check as check_config
    from assent.config import load

    loaded = load(config)
    policies = check_config(loaded)
    people, targets, rules = len(loaded.people), len(loaded.targets), len(policies.rules)
    if as_json:
        output.show_json(
            {
                "good": True,
                "people": people,
                "targets": targets,
                "policies": rules,
                "policy_revision": policies.revision,
            }
        )
    else:
        words = (
            output.counted(people, "person", "people"),
            output.counted(targets, "target"),
            output.counted(rules, "policy", "policies"),
        )
        output.say(f"good: {config} has {words[0]}, {words[1]} and {words[2]}")


@app.command
def password(*, password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """Print the Argon2id hash of a password, for a file that `[[people]] password` refers to.

    The password is asked for twice, or read from a file or a pipe. It is not kept anywhere.
    """
    from assent.identity.passwords import Argon2Hasher

    hashed = asyncio.run(Argon2Hasher().hash(_new_password(password_file)))
    if as_json:
        output.show_json({"hash": hashed})
    else:
        output.say(hashed)


def _new_password(file: Path | None) -> Secret[str]:
    """Return a password that can be signed in with. Raises CommandFault."""
    given = read_password("the new password: ", file)
    if not 1 <= len(given.reveal()) <= LONGEST or not _is_text(given.reveal()):
        words = f"a password must have 1 to {LONGEST} characters, in UTF-8"
        raise CommandFault(ExitCode.USAGE, "password-length", words)
    if file is None and sys.stdin.isatty():
        again = read_password("the same again: ", None)
        if not compare_digest(given.reveal().encode(), again.reveal().encode()):
            raise CommandFault(
                ExitCode.USAGE, "passwords-differ", "the two were not the same; try again"
            )
    return given


def _is_text(password: str) -> bool:
    # What a pipe holds that is not UTF-8 is read as surrogates, which nobody can sign in with.
    return not any("\ud800" <= letter <= "\udfff" for letter in password)
