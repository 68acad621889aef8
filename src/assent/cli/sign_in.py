"""`assent login`, `logout`, `whoami` and `step-up`."""

import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import credentials, output
from assent.cli.client import Client, signed_in
from assent.cli.credentials import Credentials
from assent.cli.device_sign_in import vouched
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.core.secret import Secret

ByCode = Annotated[
    bool,
    Parameter(name="--device", negative=(), help="Show a code to type at any other browser."),
]
ByPassword = Annotated[
    bool,
    Parameter(name="--password", negative=(), help="Type a password here instead."),
]
PasswordFile = Annotated[
    Path | None,
    Parameter(name="--password-file", help="Read the password from this file's first line."),
]


def login(
    url: str | None = None,
    /,
    *,
    name: str | None = None,
    device: ByCode = False,
    password: ByPassword = False,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign in to a server: by your browser, or by a code where this machine has none.

    The token is kept in the system's keyring where there is one, else in a private file.

    Parameters
    ----------
    url
        Where the server is; the last one, or `http://127.0.0.1:8470`, when left out.
    name
        Who you are, for `--password`; your name on this machine when left out.
    """
    client = Client(url or credentials.known_url())
    piped = name is not None and not sys.stdin.isatty()
    if password or password_file is not None or (piped and not device):
        answer = _by_password(client, name or _ask_name(), password_file)
    else:
        answer = _by_somebodys_browser(client, device=device)
    answer = vouched(client, answer)
    token, subject = Secret(str(answer["token"])), answer["subject"]
    who = str(subject["name"])
    credentials.save(Credentials(client.url, token, who))
    if as_json:
        output.show_json({"expires_at": answer["expires_at"], "subject": subject})
        return
    until = in_words(answer["expires_at"], output.now())
    output.say(f"signed in to {client.url} as {subject['display_name'] or who} until {until}")
    output.say("next: `assent targets` lists what you can reach")


def _by_password(client: Client, who: str, password_file: Path | None) -> dict[str, Any]:
    password = read_password(f"password of {who} at {client.url}: ", password_file)
    return with_code(client, "/v1/login", {"name": who, "password": password.reveal()})


def with_code(client: Client, path: str, body: dict[str, object]) -> dict[str, Any]:
    """Return the answer to a password; where a code is needed as well, ask for it and try again."""
    try:
        return client.post(path, body)
    except CommandFault as fault:
        if fault.code != "second-factor-needed":
            raise
    code = read_password("code of your app, or a recovery code: ", None)
    return client.post(path, {**body, "code": code.reveal()})


def _by_somebodys_browser(client: Client, *, device: bool) -> dict[str, Any]:
    # Imported here: other commands of this module are not to wait for it.
    from assent.cli import browser_sign_in

    if device or not browser_sign_in.has_browser():
        return browser_sign_in.by_code(client)
    return browser_sign_in.by_browser(client)


def logout(*, as_json: AsJson = False) -> None:
    """Sign out: the server forgets the token, and so does this machine."""
    found = credentials.load()
    try:
        if found is not None:
            Client(found.url, found.token).post("/v1/logout")
    except CommandFault as fault:
        # A token that the server does not know any more is as good as signed out.
        if fault.exit_code is not ExitCode.NOT_SIGNED_IN:
            raise
    finally:
        credentials.forget()
    if as_json:
        output.show_json({"signed_in": False})
    else:
        output.say("signed out" if found else "nobody was signed in")


def whoami(*, as_json: AsJson = False) -> None:
    """Say who is signed in, and where."""
    client = signed_in()
    answer = client.get("/v1/whoami")
    if as_json:
        output.show_json(answer)
        return
    output.facts(
        [
            ("name", answer["name"]),
            ("called", answer.get("display_name", "")),
            ("kind", "" if answer.get("kind") == "human" else answer.get("kind", "")),
            ("acts for", answer.get("on_behalf_of") or ""),
            ("answers for it", answer.get("owner") or ""),
            ("groups", ", ".join(answer.get("groups", []))),
            ("roles", ", ".join(answer.get("roles", []))),
            ("signed in by", answer.get("method", "")),
            ("since", in_words(answer.get("proved_at"), output.now())),
            ("until", in_words(answer.get("expires_at"), output.now())),
            ("device", answer.get("device") or ""),
            ("server", client.url),
        ]
    )


def step_up(*, password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """Confirm your password, where a policy asks for a fresh proof."""
    client = signed_in()
    password = read_password("your password again: ", password_file)
    with_code(client, "/v1/step-up", {"password": password.reveal()})
    if as_json:
        output.show_json({"stepped_up": True})
    else:
        output.say("confirmed; what waits for it goes on, or can be tried again")


def read_password(prompt: str, file: Path | None) -> Secret[str]:
    """Return a password from the file, the terminal, or the first line of a pipe."""
    if file is not None:
        return Secret(file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r"))
    if sys.stdin.isatty():
        return Secret(getpass.getpass(prompt))
    line = sys.stdin.readline()
    if not line:
        raise CommandFault(
            ExitCode.USAGE, "no-password", "no password was given; use `--password-file` or a pipe"
        )
    return Secret(line.rstrip("\r\n"))


def _ask_name() -> str:
    if not sys.stdin.isatty():
        return getpass.getuser()
    try:
        usual = getpass.getuser()
    except (OSError, KeyError):
        usual = ""
    print(f"your name [{usual}]: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or usual
