"""What the use cases rest on: the edges below them, as the configuration has them."""

import functools

from assent.config import budget, column_rules, pace, recognised
from assent.config.audit import retention
from assent.config.devices import device_rules
from assent.config.roles import role_groups
from assent.config.sign_in import sign_in_rules
from assent.control.assemble import Outside
from assent.control.tickets import Tickets
from assent.core.secret import Secret
from assent.edges import policies
from assent.edges.device_authority import device_authority
from assent.edges.keys import key_in
from assent.edges.people_and_targets import described_targets
from assent.edges.premises import Premises
from assent.edges.ssh_authority import ssh_authority
from assent.identity.passwords import Argon2Hasher
from assent.identity.totp import SealedTotp
from assent.identity.webauthn import WebAuthnParty
from assent.intelligence import sources
from assent.intelligence.network_book import NetworkBook
from assent.notifiers import channels
from assent.notifiers.channels import Around
from assent.policy import PolicySet
from assent.protocols.every import HONOURS
from assent.signals import SIGNALS
from assent.system.zones import Zones
from assent.web.safety import origin_of


def outside(premises: Premises, current: PolicySet, book: NetworkBook, around: Around) -> Outside:
    """Return all of it.

    current: the policies to begin with. around: what channels are built with, and whatever else
    asks somebody outside. Raises OperatorFault for a key or a secret that cannot be read.
    """
    config, clock = premises.config, premises.clock
    reveal, when_done = around.reveal, around.when_done
    return Outside(
        store=premises.store,
        recorder=premises.recorder,
        library=premises.recorder,
        hasher=Argon2Hasher(),
        generators=SealedTotp(Secret(key_in(premises.data / "credentials.key"))),
        clock=clock,
        ids=premises.ids,
        policies=current,
        signals=SIGNALS,
        honours=HONOURS,
        credential_key=Secret(key_in(premises.data / "credentials.key")),
        verifier_key="\n".join(premises.log_keys.public),
        log_keys=premises.log_keys,
        public_url=around.public_url,
        party=WebAuthnParty(origin_of(around.public_url)),
        network=book,
        zones=Zones(),
        budget=budget(config.risk, "[risk]"),
        pace=pace(config),
        notifiers=channels.notifiers(config.notifiers, around),
        ordinary_channels=frozenset(config.notify.channels) or None,
        on_call=sources.on_call(config.on_call, reveal, clock, when_done),
        tickets=Tickets(
            sources.issue_tracker(config.issue_tracker, reveal, clock, when_done),
            clock,
            pattern=config.issue_tracker.pattern,
        ),
        role_groups=role_groups(config.roles),
        levels=(config.risk.medium_from, config.risk.high_from),
        label_rules=column_rules(config),
        recognised=frozenset(recognised(config)),
        read_policies=policies.read_policies,
        workbench=policies.workbench(),
        read_targets=functools.partial(described_targets, config),
        tell_watched=config.sessions.tell_watched,
        on_compromise=config.reactions.on_compromise == "revoke",
        retention=retention(config.audit),
        watchers=frozenset(one.verifier.name for one in config.audit.witnesses),
        sign_in_rules=sign_in_rules(config.sign_in, "[sign_in]"),
        devices=device_rules(config.devices, config.postgres.client_certificates, "[devices]"),
        device_certificates=device_authority(premises),
        ssh=ssh_authority(premises),
        metrics_token=reveal(config.metrics.token) if config.metrics.token else None,
    )
