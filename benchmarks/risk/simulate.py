"""SYNTHETIC use of a gateway by people, agents and attackers: no row of it ever happened.

`python -m benchmarks.risk.simulate --people 200 --days 60 --seed 1 > file.jsonl` writes one line
an action for `assent risk evaluate`, in time order, the same bytes for the same options. The
first part (`--history-share`) has no labels and no attackers. README.md defines the attackers
and says what cannot be judged on this.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from random import Random

from benchmarks.risk import workdays
from benchmarks.risk.attackers import ATTACKERS, OF_LOGINS, Occasion
from benchmarks.risk.people import Person, World
from benchmarks.risk.rows import Row, write
from benchmarks.risk.sessions import DAY_S, Session, Step
from benchmarks.risk.sessions import rows as rows_of


@dataclass(frozen=True, slots=True)
class Options:
    """What to simulate. kinds: attackers by name, in the order of ATTACKERS.

    attack_share: attackers' sessions among all after the history. poison_share: share of each
    later victim's history that is the attacker's, without labels. logins: sign-ins only.
    """

    people: int = 200
    days: int = 60
    seed: int = 1
    kinds: tuple[str, ...] = tuple(ATTACKERS)
    attack_share: float = 0.01
    history_share: float = 0.4
    poison_share: float = 0.0
    agents: float = 0.05
    logins: bool = False


def rows(options: Options) -> Iterator[Row]:
    """Yield the rows of all sessions in time order."""
    world = World(
        options.people,
        options.days,
        options.seed,
        agents=options.agents,
        public=options.logins,
    )
    begins_s = options.days * DAY_S * options.history_share
    planned = list(workdays.logins(world) if options.logins else workdays.planned(world))
    planned = [one for one in planned if 0 <= one.start_s < options.days * DAY_S]
    known: set[str] = set()
    for one in planned:
        # The first sign-in of all is how somebody becomes known; nothing can be asked of it.
        one.history = one.start_s < begins_s or (one.login and one.subject not in known)
        known.add(one.subject)
    campaigns = _campaigns(world, options, planned, begins_s)
    attacks = [session for campaign in campaigns for session in campaign]
    poison = _poison(campaigns, planned, options, begins_s)
    yield from _in_order([*planned, *attacks, *poison])


def _in_order(sessions: list[Session]) -> Iterator[Row]:
    """Yield the rows of the sessions by time; those of one session stay in their order."""
    waiting: list[tuple[float, int, Row]] = []
    pushed = 0
    for number, session in enumerate(sorted(sessions, key=lambda one: (one.start_s, one.seed))):
        while waiting and waiting[0][0] < session.start_s:
            yield heappop(waiting)[2]
        for at_s, row in rows_of(session, f"ses-{number:06}", Random(session.seed)):
            pushed += 1
            heappush(waiting, (at_s, pushed, row))
    while waiting:
        yield heappop(waiting)[2]


def _campaigns(
    world: World, options: Options, planned: list[Session], begins_s: float
) -> list[list[Session]]:
    """Return campaigns of each kind until it has its part of the attackers' sessions."""
    by_subject: dict[str, list[Session]] = {}
    for session in planned:
        if session.start_s >= begins_s:
            by_subject.setdefault(session.subject, []).append(session)
    total = options.attack_share * sum(map(len, by_subject.values()))
    people = [one for one in world.people if one.name in by_subject]
    agents = [one for one in world.agents if one.name in by_subject]
    found = []
    for kind in options.kinds:
        victims = agents if kind == "hijacked-agent" else people
        share, count, number = total / len(options.kinds), 0, 0
        while victims and count < max(1, round(share)):
            seed = f"{options.seed}/attack/{kind}/{number}"
            occasion = _occasion(world, kind, seed, victims, by_subject)
            campaign = [
                replace(one, history=False)
                for one in ATTACKERS[kind](occasion)
                if begins_s <= one.start_s
            ]
            found.append(campaign)
            count, number = count + max(1, len(campaign)), number + 1
    return found


def _occasion(
    world: World,
    kind: str,
    seed: str,
    victims: list[Person],
    by_subject: dict[str, list[Session]],
) -> Occasion:
    """Return a victim, each equally likely, and one of their sessions after the history."""
    random = Random(seed)
    victim = random.choice(victims)
    own = random.choice(by_subject[victim.name])
    return Occasion(world, random, victim, own, kind, seed, world.days)


def _poison(
    campaigns: list[list[Session]], planned: list[Session], options: Options, begins_s: float
) -> Iterator[Session]:
    """Yield sessions of the attackers in their victims' history, cut to the share asked for.

    The attacker is the one who comes later: the same network, device and behaviour.
    """
    share = options.poison_share
    if not share:
        return
    events = _events_of_history(planned, {one.subject for all_ in campaigns for one in all_})
    done: set[str] = set()
    for campaign in campaigns:
        if not campaign or campaign[0].subject in done:
            continue
        done.add(campaign[0].subject)
        left = round(share / (1 - share) * events.get(campaign[0].subject, 0))
        number = 0
        while left > 0:
            model = campaign[number % len(campaign)]
            random = Random(f"{model.seed}/poison/{number}")
            days = max(1, int(begins_s // DAY_S))
            start_s = min(random.randrange(days) * DAY_S + model.start_s % DAY_S, begins_s - 1)
            seed = f"{model.seed}/poison/{number}/steps"
            count = sum(step.ill for step in model.steps(Random(seed), start_s))
            steps = partial(_only_ill, model=model, most=left)
            yield replace(model, start_s=start_s, seed=seed, steps=steps, history=True)
            left, number = left - max(1, count), number + 1


def _events_of_history(planned: list[Session], subjects: set[str]) -> dict[str, int]:
    """Return how many events each of the subjects has in the history."""
    found: dict[str, int] = {}
    for session in planned:
        if session.history and session.subject in subjects:
            steps = session.steps(Random(session.seed), session.start_s)
            found[session.subject] = found.get(session.subject, 0) + len(steps)
    return found


def _only_ill(random: Random, start_s: float, *, model: Session, most: int) -> list[Step]:
    return [step for step in model.steps(random, start_s) if step.ill][:most]


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Return the options of a command line."""
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk.simulate", description=__doc__)
    parser.add_argument("--people", type=int, default=usual.people)
    parser.add_argument("--days", type=int, default=usual.days)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--attackers", default="all", help=f"all, none, or {', '.join(ATTACKERS)}")
    parser.add_argument("--attack-share", type=float, default=usual.attack_share)
    parser.add_argument("--history-share", type=float, help="0.4; of logins 0")
    parser.add_argument("--poison-share", type=float, default=usual.poison_share)
    parser.add_argument("--agents", type=float, default=usual.agents, help="share of subjects")
    parser.add_argument("--logins", choices=("workplace", "rba"), default="workplace")
    given = parser.parse_args(arguments)
    logins = given.logins == "rba"
    share = given.history_share
    if not (given.people > 0 and given.days > 0 and 0 <= given.poison_share < 0.9):
        parser.error("people and days are 1 or more, the share of poison is 0 to 0.9")
    return Options(
        people=given.people,
        days=given.days,
        seed=given.seed,
        kinds=_kinds(parser, given.attackers, OF_LOGINS if logins else tuple(ATTACKERS)),
        attack_share=given.attack_share,
        history_share=share if share is not None else 0.0 if logins else usual.history_share,
        poison_share=given.poison_share,
        agents=0.0 if logins else given.agents,
        logins=logins,
    )


def _kinds(parser: argparse.ArgumentParser, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the attackers that are named; `insider` names all three kinds of insiders."""
    if text in ("all", "none"):
        return known if text == "all" else ()
    wanted = text.split(",")
    unknown = [one for one in wanted if not any(kind.startswith(one) for kind in known)]
    if unknown or not all(wanted):
        parser.error(f"there is no attacker `{unknown[0][:80]}`; there are {', '.join(known)}")
    return tuple(kind for kind in known if kind in wanted or kind.split("-")[0] in wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the rows; return the exit code."""
    return write(rows(parse(arguments)))


if __name__ == "__main__":
    sys.exit(main())
