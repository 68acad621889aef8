"""`assent scim`: the token with which an identity provider puts people and groups here."""

from typing import Annotated

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.durations import seconds
from assent.cli.output import AsJson

app = App(name="scim", help="What an identity provider needs to provision people here.")

For = Annotated[str, Parameter(name="--for", help="How long it is good for, at most `365d`.")]


@app.command
def token(*, lasts_for: For = "365d", as_json: AsJson = False) -> None:
    """Make a token for your identity provider; it is shown this once.

    It needs `assent step-up` just before. Of earlier ones only the latest stays.
    """
    answer = signed_in().post("/v1/scim/tokens", {"lasts_s": seconds(lasts_for)})
    if as_json:
        output.show_json(answer)
        return
    output.say(f"base URL:  {answer['base_url']}")
    output.say(f"token:     {answer['token']}")
    output.say(f"until:     {answer['expires_at']}")


@app.command
def revoke(*, as_json: AsJson = False) -> None:
    """End all tokens for SCIM; the people and groups stay as they are."""
    answer = signed_in().post("/v1/scim/tokens/revoke")
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"revoked: {answer['revoked']}")
