"""Sessions, whole: how they are opened, what is done in them, what came of it, how they end."""

from dataclasses import dataclass

from assent.content.detectors import LABELS
from assent.control.arriving import Arrivals
from assent.control.attempts import Attempts
from assent.control.decide import Decider
from assent.control.device_evidence import DeviceEvidence
from assent.control.directory import Directory
from assent.control.ending import Ending
from assent.control.extending import Extending
from assent.control.four_eyes import FourEyes
from assent.control.grants import Grants
from assent.control.holding import Holding
from assent.control.live import LiveSessions
from assent.control.opening import Opening
from assent.control.plans import Plans
from assent.control.results import Results
from assent.control.revocation import Revocations
from assent.control.sign_in import SignIn
from assent.control.spending import Spending
from assent.control.surroundings import Surroundings
from assent.control.verifiers import Verifiers
from assent.control.watching import Watching
from assent.core.clock import Clock
from assent.core.ids import Ids, TargetId
from assent.core.ports import Recorder, Store
from assent.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Sessions:
    """All that a gateway asks of the control plane about sessions."""

    opening: Opening
    attempts: Attempts
    results: Results
    ending: Ending
    surroundings: Surroundings
    live: LiveSessions
    revocations: Revocations

    def names_changed(self, target: TargetId) -> None:
        """Make the sessions on a target decide anew: names there may mean something else."""
        for live in self.live:
            if live.target.id == target:
                live.epoch.bump()


def sessions_of(
    *,
    store: Store,
    recorder: Recorder,
    directory: Directory,
    decider: Decider,
    grants: Grants,
    holding: Holding,
    arrivals: Arrivals,
    live: LiveSessions,
    revocations: Revocations,
    sign_in: SignIn,
    verifiers: Verifiers,
    watching: Watching,
    spending: Spending,
    extending: Extending,
    plans: Plans,
    four_eyes: FourEyes,
    devices: DeviceEvidence,
    clock: Clock,
    ids: Ids,
    mask_key: Secret[bytes],
    recognised: frozenset[str] = frozenset(LABELS),
) -> Sessions:
    """Return the use cases of sessions, handed to each other."""
    surroundings = Surroundings(
        grants=grants,
        live=live,
        sign_in=sign_in,
        watching=watching,
        clock=clock,
        reports_valid_for=devices.rules.report_valid_for,
    )
    results = Results(
        store=store, holding=holding, spending=spending, watching=watching, clock=clock, ids=ids
    )
    ending = Ending(
        store=store,
        recorder=recorder,
        grants=grants,
        live=live,
        spending=spending,
        extending=extending,
        watching=watching,
        clock=clock,
        ids=ids,
    )
    attempts = Attempts(
        store=store,
        decider=decider,
        holding=holding,
        results=results,
        surroundings=surroundings,
        watching=watching,
        spending=spending,
        extending=extending,
        plans=plans,
        four_eyes=four_eyes,
        clock=clock,
        ids=ids,
        mask_key=mask_key,
        recognised=recognised,
    )
    opening = Opening(
        store=store,
        recorder=recorder,
        directory=directory,
        grants=grants,
        holding=holding,
        arrivals=arrivals,
        live=live,
        verifiers=verifiers,
        watching=watching,
        refusals=sign_in.refusals,
        spending=spending,
        extending=extending,
        attempts=attempts,
        results=results,
        surroundings=surroundings,
        ending=ending,
        devices=devices,
        bonds=sign_in.bonds,
        clock=clock,
        ids=ids,
    )
    return Sessions(opening, attempts, results, ending, surroundings, live, revocations)
