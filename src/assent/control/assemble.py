"""Puts the control plane together: what it rests on goes in, every use case comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo

from assent.content.column_rules import ColumnRules
from assent.content.detectors import LABELS
from assent.control.absences import Absences
from assent.control.access import Access
from assent.control.answers import Answers
from assent.control.arriving import Arrivals
from assent.control.audit import Audit
from assent.control.audit_actions import AuditActions
from assent.control.break_glass import BreakGlass
from assent.control.canary import Canary
from assent.control.choosing import Choosing, Pace
from assent.control.comments import Comments
from assent.control.configuring import Configuring
from assent.control.continuous import Continuous
from assent.control.custody import custody
from assent.control.decide import Decider
from assent.control.decided import Decided
from assent.control.delegating import Delegating
from assent.control.delegations import Delegations
from assent.control.delivering import Delivering, channels
from assent.control.device_evidence import DeviceEvidence, DeviceRules
from assent.control.device_keys import DeviceKeys
from assent.control.devices import devices_of
from assent.control.directory import Directory
from assent.control.drafting import drafting
from assent.control.eligibility import Eligibility
from assent.control.events import Events
from assent.control.explain import Explain
from assent.control.extending import Extending
from assent.control.external_sign_in import ExternalSignIn
from assent.control.four_eyes import FourEyes
from assent.control.gather import Gatherer, Sources
from assent.control.grants import Grants
from assent.control.health import Health
from assent.control.hearing import Hearing
from assent.control.history import History
from assent.control.holding import Holding
from assent.control.insight import insight
from assent.control.key_rotation import LogKeys
from assent.control.label_scans import LabelScans
from assent.control.labels import Labels
from assent.control.learning import Learning
from assent.control.legal_holds import LegalHolds
from assent.control.live import LiveSessions
from assent.control.live_watch import LiveWatch
from assent.control.local_people import local_people
from assent.control.log_pages import LogPages
from assent.control.minting import Minting
from assent.control.obligations import derived_mask_key
from assent.control.offers import Offers
from assent.control.outbox import Outbox
from assent.control.pacing import Pacing
from assent.control.passkeys import Passkeys
from assent.control.people import People
from assent.control.personal_credentials import PersonalCredentials
from assent.control.plane import ControlPlane
from assent.control.plans import Plans
from assent.control.policies import Policies
from assent.control.policy_drafts import NO_WORKBENCH, Workbench
from assent.control.programs import programs
from assent.control.providers import trips_of
from assent.control.provisioners import Provisioners
from assent.control.provisioning import Provisioning
from assent.control.recordings import Library, Recordings
from assent.control.redaction import Redaction
from assent.control.reporting import Reporting
from assent.control.requests import Requests
from assent.control.resuming import Resuming
from assent.control.retention import Retention
from assent.control.retracting import Retracting
from assent.control.reviews import Reviews
from assent.control.revocation import Revocations
from assent.control.risk import Risk
from assent.control.searching import Searching
from assent.control.second_factor import SecondFactors
from assent.control.seeing import SessionViews
from assent.control.session_credentials import SessionCredentials
from assent.control.sessions import Sessions, sessions_of
from assent.control.showing import Showing
from assent.control.sign_in import SignIn
from assent.control.sign_in_rules import SignInRules
from assent.control.signed_out import SignedOut
from assent.control.signing import Signing
from assent.control.spending import Spending
from assent.control.steering import Steering
from assent.control.sweep import Sweep
from assent.control.taking_up import cutting
from assent.control.tickets import Tickets
from assent.control.timers import Timers
from assent.control.tool_pins import ToolPins
from assent.control.verifiers import Verifiers
from assent.control.waiting import Waiting
from assent.control.wanting import ReadPolicies, ReadTargets, no_policies_read, no_targets_read
from assent.control.warnings import Warnings
from assent.control.watching import Watching
from assent.control.windows import Windows
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.passkey import RelyingParty
from assent.core.plugins import SignalPlugin
from assent.core.ports import (
    CodeGenerators,
    DeviceCertificates,
    NetworkBook,
    Notifier,
    OnCall,
    PasswordHasher,
    Recorder,
    SshAuthority,
    Store,
)
from assent.core.role import ROLE_GROUPS, Role
from assent.core.secret import Secret
from assent.policy import PolicySet
from assent.risk import MODEL
from assent.risk.budget import Budget, Thresholds


@dataclass(frozen=True, slots=True)
class Outside:
    """What a control plane rests on. honours: the obligations that enforcement can keep.

    credential_key: what the salts of session passwords are derived from. verifier_key: of the
    log. public_url: what links in notices begin with. party: this site, to passkeys. network: what
    the operator's files say of addresses, None without any. zones: time zones by name. budget: how
    often people may be asked, None for fixed levels. levels: the first scores of MEDIUM and HIGH.
    mask_key: what hashes
    of masked values are made with, None for one that is derived from `credential_key`.
    label_rules: what labels columns by their names. recognised: labels whose values are known by
    their look. notifiers: the channels that notices go out by. ordinary_channels: names of those
    for what is not loud, None for all. pace: how fast more people are asked. on_call: who of a
    group is, None where nobody says. tickets: what they are, None where nobody knows. retention:
    how long the log is kept, None for ever. ssh: None where nothing listens
    for it. watchers: names of the witnesses' keys. role_groups: whose members have which role.
    """

    store: Store
    recorder: Recorder
    library: Library
    hasher: PasswordHasher
    generators: CodeGenerators
    clock: Clock
    ids: Ids
    policies: PolicySet
    signals: Sequence[SignalPlugin]
    honours: frozenset[str]
    credential_key: Secret[bytes]
    verifier_key: str
    public_url: str
    party: RelyingParty
    network: NetworkBook | None = None
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    budget: Budget | None = None
    levels: tuple[int, int] = (MODEL.medium_from, MODEL.high_from)
    mask_key: Secret[bytes] | None = None
    recognised: frozenset[str] = frozenset(LABELS)
    label_rules: ColumnRules = field(default_factory=ColumnRules)
    on_compromise: bool = True
    tell_watched: bool = False
    metrics_token: Secret[str] | None = None
    read_policies: ReadPolicies = no_policies_read
    workbench: Workbench = NO_WORKBENCH
    read_targets: ReadTargets = no_targets_read
    notifiers: Sequence[Notifier] = ()
    ordinary_channels: frozenset[str] | None = None
    pace: Pace = field(default_factory=Pace)
    on_call: OnCall | None = None
    tickets: Tickets | None = None
    log_keys: LogKeys | None = None
    retention: timedelta | None = None
    sign_in_rules: SignInRules = field(default_factory=SignInRules)
    role_groups: Mapping[str, Role] = field(default_factory=lambda: ROLE_GROUPS)
    watchers: frozenset[str] = frozenset()
    devices: DeviceRules = field(default_factory=DeviceRules)
    device_certificates: DeviceCertificates | None = None
    ssh: SshAuthority | None = None


@dataclass(frozen=True, slots=True)
class Assembly:
    """A control plane, with what only the gateway, the sweep and the start may touch."""

    plane: ControlPlane
    sessions: Sessions
    decider: Decider
    policies: Policies
    history: History
    learning: Learning
    answers: Answers
    waiting: Waiting
    holding: Holding
    resuming: Resuming
    arrivals: Arrivals
    live: LiveSessions
    verifiers: Verifiers
    sweep: Sweep
    outbox: Outbox
    timers: Timers
    continuous: Continuous
    hearing: Hearing
    revocations: Revocations
    canary: Canary
    minting: Minting


def assemble(outside: Outside) -> Assembly:
    """Return the use cases, handed to each other; the directory is empty yet."""
    store, clock, ids = outside.store, outside.clock, outside.ids
    directory = Directory(role_groups=outside.role_groups)
    events, live = Events(), LiveSessions()
    policies = Policies(outside.policies)
    outbox, timers = _outbox(outside, directory, events), Timers(store=store, clock=clock)
    delegations = Delegations(store=store, directory=directory, clock=clock)
    absences = Absences(store=store, clock=clock, ids=ids)
    eligibility = Eligibility(directory=directory, delegations=delegations, clock=clock)
    history = History(store, clock)
    learning = Learning(store, directory, clock, ids)
    learning.when_forgotten(history.forget)
    warnings, answers = Warnings(store, clock), Answers(store, directory)
    watching = Watching(
        store=store, learning=learning, warnings=warnings, live=live, network=outside.network
    )
    warnings.when_warned(watching.warned)
    thresholds = Thresholds(outside.budget, *outside.levels)
    grants = Grants(
        store=store,
        directory=directory,
        events=events,
        clock=clock,
        ids=ids,
        windows=Windows(outside.zones),
    )
    spending = Spending(grants)
    decider = Decider(
        store=store,
        spending=spending,
        gatherer=Gatherer(
            Sources(
                directory,
                history,
                learning,
                warnings,
                answers,
                thresholds,
                outside.network,
                outside.zones,
                delegations.of,
                outside.tickets,
            )
        ),
        history=history,
        thresholds=thresholds,
        policies=policies,
        signals=outside.signals,
        honours=outside.honours,
        clock=clock,
        ids=ids,
    )
    second_factors = SecondFactors(
        store=store,
        hasher=outside.hasher,
        generators=outside.generators,
        clock=clock,
        ids=ids,
    )
    sign_in = SignIn(
        store=store,
        directory=directory,
        hasher=outside.hasher,
        second_factors=second_factors,
        clock=clock,
        ids=ids,
        rules=outside.sign_in_rules,
    )
    sign_in.when_refused(warnings.refused)
    # Before the requests hear of a step-up: what they release is decided without suspicion.
    sign_in.when_stepped_up(watching.proved)
    verifiers = Verifiers(outside.credential_key)
    waiting = Waiting(store=store, events=events, clock=clock, ids=ids)
    waiting.when_changed(answers.changed)
    choosing = Choosing(
        eligibility=eligibility,
        delegations=delegations,
        directory=directory,
        clock=clock,
        questions=waiting.questions,
        is_away=absences.is_away,
        on_call=outside.on_call,
    )
    pacing = Pacing(
        store=store,
        waiting=waiting,
        choosing=choosing,
        directory=directory,
        outbox=outbox,
        timers=timers,
        clock=clock,
        pace=outside.pace,
    )
    device_keys = DeviceKeys(
        store=store, outbox=outbox, clock=clock, ids=ids, origin=outside.party.origin
    )
    passkeys = Passkeys(
        party=outside.party,
        store=store,
        directory=directory,
        sign_in=sign_in,
        device_keys=device_keys,
        warnings=warnings,
        clock=clock,
        ids=ids,
    )
    showing = Showing(store=store, directory=directory)
    requests = Requests(
        store=store,
        waiting=waiting,
        directory=directory,
        eligibility=eligibility,
        sign_in=sign_in,
        clock=clock,
        ids=ids,
        tickets=outside.tickets,
        signing=Signing(showing=showing, device_keys=device_keys),
    )
    grants.when_over(delegations.over)
    resuming = Resuming(store=store, waiting=waiting, clock=clock, ids=ids)
    holding = Holding(
        decider=decider,
        waiting=waiting,
        requests=requests,
        resuming=resuming,
        clock=clock,
        public_url=outside.public_url,
    )
    reviews = Reviews(
        store=store,
        directory=directory,
        delegations=delegations,
        warnings=warnings,
        outbox=outbox,
        timers=timers,
        clock=clock,
        ids=ids,
    )
    device_evidence = DeviceEvidence(
        store=store, directory=directory, clock=clock, rules=outside.devices
    )
    minting = Minting(
        store=store,
        directory=directory,
        decider=decider,
        waiting=waiting,
        grants=grants,
        sign_in=sign_in,
        reviews=reviews,
        devices=device_evidence,
        clock=clock,
        ids=ids,
    )
    access = Access(
        store=store,
        directory=directory,
        decider=decider,
        waiting=waiting,
        grants=grants,
        minting=minting,
        credentials=SessionCredentials(
            store=store,
            grants=grants,
            verifiers=verifiers,
            bonds=sign_in.bonds,
            clock=clock,
            ids=ids,
        ),
        watching=watching,
        devices=device_evidence,
        clock=clock,
        ids=ids,
    )
    arrivals = Arrivals(
        access=access,
        waiting=waiting,
        requests=requests,
        grants=grants,
        clock=clock,
        public_url=outside.public_url,
    )
    plans = Plans(
        store=store,
        directory=directory,
        decider=decider,
        waiting=waiting,
        grants=grants,
        sign_in=sign_in,
        timers=timers,
        clock=clock,
        ids=ids,
    )
    views = SessionViews(
        store=store,
        recorder=outside.recorder,
        directory=directory,
        clock=clock,
        ids=ids,
    )
    revocations = Revocations(clock)
    sessions = sessions_of(
        store=store,
        recorder=outside.recorder,
        directory=directory,
        decider=decider,
        grants=grants,
        holding=holding,
        arrivals=arrivals,
        live=live,
        revocations=revocations,
        sign_in=sign_in,
        verifiers=verifiers,
        watching=watching,
        spending=spending,
        extending=Extending(store=store, live=live, grants=grants),
        plans=plans,
        four_eyes=FourEyes(store=store, directory=directory, outbox=outbox),
        devices=device_evidence,
        clock=clock,
        ids=ids,
        mask_key=outside.mask_key or derived_mask_key(outside.credential_key),
        recognised=outside.recognised,
    )
    continuous = Continuous(
        store=store,
        decider=decider,
        live=live,
        circumstances=sessions.surroundings.reopening,
        request=waiting.find,
        clock=clock,
        ids=ids,
    )
    canary = Canary(
        store=store,
        directory=directory,
        grants=grants,
        verifiers=verifiers,
        revocations=revocations,
        clock=clock,
        ids=ids,
    )
    credentials = PersonalCredentials(
        store=store, directory=directory, verifiers=verifiers, clock=clock, ids=ids
    )
    hearing = Hearing(
        store=store,
        live=live,
        continuous=continuous,
        grants=grants,
        credentials=credentials,
        directory=directory,
        clock=clock,
        revokes=outside.on_compromise,
    )
    policies.when_replaced(hearing.policies_replaced)
    directory.when_changed(hearing.directory_changed)
    warnings.when_warned(hearing.warned)
    watching.when_crossed(hearing.crossed)
    sign_in.when_stepped_up(hearing.stepped_up)
    sign_in.bonds.when_ended(hearing.sign_ins_ended)
    labels = Labels(
        store=store, directory=directory, clock=clock, ids=ids, rules=outside.label_rules
    )
    labels.when_changed(hearing.relabelled)
    delegating = Delegating(
        store=store,
        directory=directory,
        decider=decider,
        waiting=waiting,
        grants=grants,
        delegations=delegations,
        sign_in=sign_in,
        clock=clock,
        ids=ids,
    )
    configuring = Configuring(
        store=store,
        directory=directory,
        labels=labels,
        policies=policies,
        decider=decider,
        waiting=waiting,
        sign_in=sign_in,
        read_policies=outside.read_policies,
        read_targets=outside.read_targets,
        clock=clock,
        ids=ids,
    )
    configuring.when_target_changed(cutting(live, clock))
    configuring.when_target_changed(hearing.described)
    break_glass = BreakGlass(
        store=store,
        directory=directory,
        decider=decider,
        waiting=waiting,
        grants=grants,
        access=access,
        reviews=reviews,
        sign_in=sign_in,
        watching=watching,
        outbox=outbox,
        live=live,
        clock=clock,
        ids=ids,
    )
    explain = Explain(
        store=store,
        requests=requests,
        directory=directory,
        clock=clock,
        ids=ids,
        read_policies=outside.read_policies,
    )
    risk = Risk(
        store=store,
        directory=directory,
        explain=explain,
        learning=learning,
        warnings=warnings,
        live=live,
        signals=outside.signals,
        clock=clock,
        ids=ids,
    )
    waiting.when_changed(risk.rejected)
    audit_actions = AuditActions(
        store=store, decider=decider, waiting=waiting, sign_in=sign_in, ids=ids
    )
    redaction = Redaction(
        store=store, directory=directory, actions=audit_actions, clock=clock, ids=ids
    )
    redaction.before_erased(outside.recorder.seal_all)
    redaction.when_erased(learning.forget)
    health = Health(
        store=store,
        directory=directory,
        live=live,
        waiting=waiting,
        grants=grants,
        policies=policies,
        tally=decider.tally,
        revocations=revocations,
        canary=canary,
        clock=clock,
        token=outside.metrics_token,
    )
    health.passkeys_problem = passkeys.problem
    audit = Audit(
        store=store,
        verifier_key=outside.verifier_key,
        clock=clock,
        ids=ids,
        live=live,
        between_rounds=canary.under_way,
    )
    people = People(store=store, directory=directory, clock=clock, ids=ids)
    providers = ExternalSignIn(
        store=store,
        directory=directory,
        people=people,
        sign_in=sign_in,
        trips=trips_of(outside.credential_key, clock, ids),
        clock=clock,
        ids=ids,
    )
    signed_out = SignedOut(
        store=store, directory=directory, live=live, continuous=continuous, clock=clock, ids=ids
    )
    providers.when_signed_out(signed_out.hear)
    kept_by = custody(
        store=store,
        explain=explain,
        actions=audit_actions,
        health=health,
        audit=audit,
        directory=directory,
        keys=outside.log_keys,
        clock=clock,
        ids=ids,
    )
    plane = ControlPlane(
        ssh=outside.ssh,
        tool_pins=ToolPins(
            store=store,
            decider=decider,
            waiting=waiting,
            sign_in=sign_in,
            surroundings=sessions.surroundings,
            clock=clock,
            ids=ids,
        ),
        clock=clock,
        ids=ids,
        store=store,
        directory=directory,
        events=events,
        sign_in=sign_in,
        access=access,
        requests=requests,
        delegating=delegating,
        delegations=delegations,
        absences=absences,
        offers=Offers(
            waiting=waiting,
            requests=requests,
            directory=directory,
            again=minting.again,
            outbox=outbox,
            ids=ids,
        ),
        comments=Comments(waiting=waiting, requests=requests, outbox=outbox, clock=clock, ids=ids),
        retracting=Retracting(
            store=store,
            waiting=waiting,
            requests=requests,
            grants=grants,
            again={"access.request": minting.again, "delegation.give": delegating.again},
            outbox=outbox,
            clock=clock,
            ids=ids,
        ),
        grants=grants,
        sessions=views,
        steering=Steering(
            store=store,
            directory=directory,
            views=views,
            live=live,
            outbox=outbox,
            clock=clock,
            ids=ids,
        ),
        live_watch=LiveWatch(
            store=store,
            library=outside.library,
            views=views,
            directory=directory,
            live=live,
            clock=clock,
            ids=ids,
            tells=outside.tell_watched,
        ),
        recordings=Recordings(
            store=store, library=outside.library, views=views, clock=clock, ids=ids
        ),
        explain=explain,
        audit=audit,
        risk=risk,
        health=health,
        labels=labels,
        label_scans=LabelScans(labels=labels, store=store, clock=clock, ids=ids),
        credentials=credentials,
        outbox=outbox,
        configuring=configuring,
        drafting=drafting(
            store=store,
            configuring=configuring,
            policies=policies,
            workbench=outside.workbench,
            clock=clock,
            ids=ids,
        ),
        decided=Decided(store=store, clock=clock, ids=ids),
        device_keys=device_keys,
        devices=devices_of(
            store=store,
            directory=directory,
            keys=device_keys,
            evidence=device_evidence,
            actions=audit_actions,
            outbox=outbox,
            live=live,
            clock=clock,
            ids=ids,
            certificates=outside.device_certificates,
            hearing=hearing,
        ),
        passkeys=passkeys,
        showing=showing,
        break_glass=break_glass,
        reviews=reviews,
        plans=plans,
        searching=Searching(store=store, directory=directory, clock=clock, ids=ids),
        reporting=Reporting(
            store=store, directory=directory, policies=policies, clock=clock, ids=ids
        ),
        people=people,
        local_people=local_people(
            store=store,
            directory=directory,
            people=people,
            sign_in=sign_in,
            second_factors=second_factors,
            hasher=outside.hasher,
            outbox=outbox,
            public_url=outside.public_url,
            clock=clock,
            ids=ids,
        ),
        programs=programs(
            store=store,
            directory=directory,
            sign_in=sign_in,
            people=people,
            outbox=outbox,
            clock=clock,
            ids=ids,
        ),
        providers=providers,
        provisioning=Provisioning(
            store=store, directory=directory, people=people, clock=clock, ids=ids
        ),
        provisioners=Provisioners(
            store=store,
            directory=directory,
            people=people,
            sign_in=sign_in,
            clock=clock,
            ids=ids,
        ),
        log_pages=LogPages(store=store, directory=directory, clock=clock, ids=ids),
        redaction=redaction,
        legal_holds=LegalHolds(
            store=store, directory=directory, actions=audit_actions, clock=clock, ids=ids
        ),
        custody=kept_by,
        retention=Retention(
            store=store,
            recorder=outside.recorder,
            actions=audit_actions,
            clock=clock,
            ids=ids,
            keep=outside.retention,
            watchers=outside.watchers,
        ),
        insight=insight(
            store=store,
            directory=directory,
            health=health,
            custody=kept_by,
            waiting=waiting,
            policies=policies,
            providers=providers,
            recorder=outside.recorder,
            notifiers=outside.notifiers,
            thresholds=thresholds,
            signals=outside.signals,
            network=outside.network,
            clock=clock,
            ids=ids,
        ),
    )
    sweep = Sweep(
        store=store,
        history=history,
        learning=learning,
        waiting=waiting,
        pacing=pacing,
        grants=grants,
        sessions=sessions,
        refusals=sign_in.refusals,
        clock=clock,
    )
    return Assembly(
        plane, sessions, decider, policies, history, learning, answers, waiting, holding, resuming,
        arrivals, live, verifiers, sweep, outbox, timers, continuous, hearing, revocations, canary,
        minting,
    )  # fmt: skip


def _outbox(outside: Outside, directory: Directory, events: Events) -> Outbox:
    where = channels(outside.notifiers, outside.ordinary_channels)
    delivering = Delivering(
        store=outside.store,
        channels=where,
        directory=directory,
        events=events,
        clock=outside.clock,
    )
    return Outbox(
        store=outside.store,
        channels=where,
        delivering=delivering,
        clock=outside.clock,
        ids=outside.ids,
        public_url=outside.public_url,
    )
