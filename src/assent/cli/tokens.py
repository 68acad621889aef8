"""`assent tokens`: tokens for scripts and pipelines that act as you."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words, seconds
from assent.cli.output import AsJson

app = App(name="tokens", help="Tokens for programs: shown once, for a while, within a choice.")

Allow = Annotated[
    Sequence[str],
    Parameter(
        name="--allow",
        negative=(),
        consume_multiple=False,
        help="A permission it is good for, such as `access.ask`; several times for more.",
    ),
]
TokenFor = Annotated[
    str, Parameter(name="--for", help="How long it is good for: `12h`, `30d`, at most `365d`.")
]
USUAL: tuple[str, ...] = ("access.ask",)


@app.command
def create(
    name: str, /, *, lasts_for: TokenFor = "30d", allow: Allow = USUAL, as_json: AsJson = False
) -> None:
    """Make a token that acts as you; it is shown this once.

    It needs `assent step-up` just before. It never answers requests or makes other tokens.

    Parameters
    ----------
    name
        What it is for, as you want to see it in the list.
    """
    show_minted(signed_in().post("/v1/tokens", wished(name, lasts_for, allow)), as_json=as_json)


@app.command(name="list")
def listing(*, as_json: AsJson = False) -> None:
    """List yours, and those of your agents and service accounts."""
    answer = signed_in().get("/v1/tokens")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("token", "name", "acts as", "good for", "until", "used last"),
        [
            (
                item["id"],
                item["name"],
                item["holder"],
                ", ".join(item["permissions"]),
                in_words(item["expires_at"], now),
                in_words(item["seen_at"], now) or "never",
            )
            for item in answer["items"]
        ],
        "you have no tokens; `assent tokens create NAME` makes one",
    )


@app.command
def revoke(token: str, /, *, as_json: AsJson = False) -> None:
    """End a token for good.

    Parameters
    ----------
    token
        Its id, as `assent tokens list` prints it.
    """
    answer = signed_in().post(f"/v1/tokens/{segment(token)}/revoke")
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"revoked: {answer['id']} `{answer['name']}` of {answer['holder']}")


def wished(name: str, lasts_for: str, allow: Sequence[str]) -> dict[str, object]:
    """Return what the server is asked for a token."""
    return {"name": name, "permissions": list(allow), "lasts_s": seconds(lasts_for)}


def show_minted(minted: dict[str, Any], *, as_json: bool) -> None:
    """Print a new token."""
    if as_json:
        output.show_json(minted)
        return
    until = in_words(minted["expires_at"], output.now())
    output.note(f"{minted['id']} acts as {minted['holder']} until {until}; it is shown this once:")
    output.say(minted["token"])
    output.note("programs send it as a bearer token; the command line takes it from ASSENT_TOKEN")
