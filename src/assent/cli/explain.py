"""`assent explain`."""

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.log_entries import Telling, outline
from assent.cli.output import AsJson


def explain(id: str, /, *, as_json: AsJson = False) -> None:
    """Say why a decision was what it was: facts, evidence, risk, policies, in time order.

    Parameters
    ----------
    id
        The id of a request, a session or an entry.
    """
    answer = signed_in().get(f"/v1/explain/{segment(id)}")
    if as_json:
        output.show_json(answer)
        return
    for line in outline({key: value for key, value in answer.items() if key != "entries"}):
        output.say(line)
    telling = Telling()
    for entry in answer.get("entries", ()):
        output.say()
        for line in telling.lines(entry):
            output.say(line)
