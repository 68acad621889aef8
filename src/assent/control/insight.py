"""What is shown of the installation as a whole: how work goes, risk, settings, the first steps."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.control.custody import Custody
from assent.control.directory import Directory
from assent.control.external_sign_in import ExternalSignIn
from assent.control.first_steps import Guide
from assent.control.health import Health
from assent.control.overview import Overview
from assent.control.policies import Policies
from assent.control.reading import Readers
from assent.control.rollups import Rollups
from assent.control.settings_page import SettingsPage
from assent.control.signal_health import SignalHealth
from assent.control.waiting import Waiting
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.plugins import SignalPlugin
from assent.core.ports import NetworkBook, Notifier, Recorder, Store
from assent.risk import MODEL
from assent.risk.budget import Thresholds


@dataclass(frozen=True, slots=True)
class Insight:
    """The use cases of it. rollups: read the log until cancelled; see `Rollups.run`."""

    rollups: Rollups
    overview: Overview
    risk: SignalHealth
    settings: SettingsPage
    guide: Guide


def insight(
    *,
    store: Store,
    directory: Directory,
    health: Health,
    custody: Custody,
    waiting: Waiting,
    policies: Policies,
    providers: ExternalSignIn,
    recorder: Recorder,
    notifiers: Sequence[Notifier],
    thresholds: Thresholds,
    signals: Sequence[SignalPlugin],
    network: NetworkBook | None,
    clock: Clock,
    ids: Ids,
) -> Insight:
    """Return them, handed to each other."""
    rollups = Rollups(store=store, directory=directory, clock=clock)
    return Insight(
        rollups,
        Overview(
            store=store,
            directory=directory,
            rollups=rollups,
            health=health,
            exporting=custody.exporting,
            waiting=waiting,
            recorder=recorder,
            clock=clock,
        ),
        SignalHealth(
            store=store,
            directory=directory,
            rollups=rollups,
            thresholds=thresholds,
            signals=signals,
            families=MODEL.families,
            network=network,
            readers=Readers(store=store, clock=clock, ids=ids),
            clock=clock,
        ),
        SettingsPage(
            store=store, notifiers=notifiers, providers=providers, custody=custody, clock=clock
        ),
        Guide(store=store, directory=directory, policies=policies),
    )
