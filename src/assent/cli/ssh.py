"""`assent ssh`: what servers that speak SSH must trust."""

from cyclopts import App

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.output import AsJson

app = App(name="ssh", help="What servers that speak SSH must trust to be reached.")


@app.command
def authority(*, as_json: AsJson = False) -> None:
    """Print the key of who certifies the gateway's way in, for `TrustedUserCAKeys` of sshd.

    Put it on each server whose target says `login = "certificate"`:

      assent ssh authority > /etc/ssh/assent.pub
      echo "TrustedUserCAKeys /etc/ssh/assent.pub" >> /etc/ssh/sshd_config
    """
    answer = signed_in().get("/v1/ssh/authority")
    if as_json:
        output.show_json(answer)
    else:
        output.say(answer["target_authority"])
