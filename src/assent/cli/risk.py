"""`assent risk`: what a score consists of, what is usual for somebody, and what was not them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

app = App(name="risk", help="Say what a score consists of, and what is usual.")
app.command(
    "assent.cli.risk_evaluate:evaluate",
    name="evaluate",
    help="Measure the engine on a file of events, beside what others do.",
)

_BAR = 24


@app.command
def explain(action: str, /, *, as_json: AsJson = False) -> None:
    """Say what the score of an action consists of, and make it again from the log.

    Parameters
    ----------
    action
        The id of an action, of an entry, or of a request.
    """
    answer = signed_in().get(f"/v1/risk/explain/{segment(action)}")
    if as_json:
        output.show_json(answer)
        return
    risk = answer["risk"]
    target = f" on {answer['target']}" if answer["target"] else ""
    output.say(
        f"{answer['subject']}, {answer['verb']}{target}, {in_words(answer['at'], output.now())}: "
        f"risk {risk['score']} of 100, {risk['level']}"
    )
    output.say(f"{risk['headline']} ({risk['confidence_because']})")
    output.table(
        ("points", "", "what", "known from"),
        [_factor(factor) for factor in risk["factors"]],
        "nothing speaks for or against it",
    )
    if risk["otherwise"]:
        output.say(f"what would have lowered it: {risk['otherwise']}")
    for words in risk["unknown"]:
        output.say(f"not known: {words}")
    output.say(f"assessed anew from the evidence in entry {answer['entry']}: {_again(answer)}")


@app.command
def profile(person: str, /, *, as_json: AsJson = False) -> None:
    """Show what is normal for somebody, and from how much that is known.

    Parameters
    ----------
    person
        Their name.
    """
    answer = signed_in().get(f"/v1/risk/profiles/{segment(person)}")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.facts(
        [
            ("person", answer["person"]),
            ("peers", ", ".join(answer["groups"])),
            ("known from", answer["confidence_because"]),
            (
                "first, last",
                f"{in_words(answer['first_at'], now)}, {in_words(answer['last_at'], now)}"
                if answer["first_at"]
                else "",
            ),
        ]
    )
    output.say()
    output.table(
        ("aspect", "", "share", "usual values"),
        _usual(answer["dimensions"]),
        "nothing was learned of them yet; it is, from sessions that end well",
    )


@app.command
def forget(
    person: str,
    /,
    *,
    yes: Annotated[
        bool, Parameter(name="--yes", negative=(), help="Do not ask whether you mean it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget all that was learned of somebody; their peers speak for them again.

    Parameters
    ----------
    person
        Their name.
    """
    if not yes:
        words = f"this cannot be taken back; say `assent risk forget {person} --yes`"
        raise CommandFault(ExitCode.USAGE, "not-confirmed", words)
    answer = signed_in().delete(f"/v1/risk/profiles/{segment(person)}")
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"forgotten: {answer['person']}")


@app.command
def disown(session: str, /, *, as_json: AsJson = False) -> None:
    """Say "this was not me": the session is cut, unlearned, and counts as a warning.

    Parameters
    ----------
    session
        The id of the session.
    """
    answer = signed_in().post(f"/v1/risk/sessions/{segment(session)}/disown")
    if as_json:
        output.show_json(answer)
        return
    lessons = output.counted(answer["unlearned"], "lesson")
    output.say(f"session {answer['session']} was not its person: {lessons} taken back")
    output.say(
        f"change the password, and look at what it did: assent sessions show {answer['session']}"
    )


def _again(answer: Mapping[str, Any]) -> str:
    if answer["replayed_same"]:
        return "the same score"
    if answer["replayed_score"] != answer["risk"]["score"]:
        return f"{answer['replayed_score']}, not that: the entry was changed, or the engine was"
    return f"{answer['replayed_score']} as well, but not of the same factors"


def _factor(factor: Mapping[str, Any]) -> tuple[str, str, str, str]:
    points = factor["points"]
    drawn = ("█" if points > 0 else "░") * max(1, round(abs(points) / 100 * _BAR))
    known = factor["source"]
    if factor["at"]:
        known += f", {in_words(factor['at'], output.now())}"
    return f"{points:>+4d}", drawn, factor["reason"], known


def _usual(dimensions: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    rows = []
    for dimension in dimensions:
        name = dimension["name"]
        for value in dimension["values"]:
            drawn = "█" * max(1, round(value["percent"] / 100 * _BAR))
            rows.append((name, drawn, f"{value['percent']:.0f} %", value["value"]))
            name = ""
    return rows
