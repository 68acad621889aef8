"""The part of the store in dictionaries that is about who there is and how they prove it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assent.core.authenticator import (
    Authenticator,
    ExternalIdentity,
    Invitation,
    ProvisionedGroup,
)
from assent.core.changes import Change
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.faults import ConflictFault
from assent.core.ids import DeviceKeyId, SubjectId, TargetId
from assent.core.people_changes import (
    AdmitDeviceKey,
    DropAuthenticators,
    DropExpired,
    DropExternalIdentity,
    DropProvisionedGroup,
    DropTokens,
    EndDeviceCredentials,
    KeepNetwork,
    PutAuthenticator,
    PutDeviceDetails,
    PutDeviceReport,
    PutExternalIdentity,
    PutInvitation,
    PutPassword,
    PutProvisionedGroup,
    SeeToken,
    UseAuthenticator,
    UseInvitation,
)
from assent.core.policy_draft import DropPolicyDraft, PolicyDraft, PutPolicyDraft
from assent.core.session import Credential
from assent.core.token import Token
from assent.core.tool_pin import PutToolPin, ToolPin


@dataclass
class MemoryPeople:
    tokens_kept: dict[str, Token] = field(default_factory=dict)
    found_keys: dict[str, DeviceKey] = field(default_factory=dict)
    found_authenticators: dict[str, Authenticator] = field(default_factory=dict)
    found_invitations: dict[str, Invitation] = field(default_factory=dict)
    found_identities: dict[tuple[str, str], ExternalIdentity] = field(default_factory=dict)
    found_groups: dict[str, ProvisionedGroup] = field(default_factory=dict)
    found_credentials: dict[str, Credential] = field(default_factory=dict)
    found_networks: set[tuple[str, str]] = field(default_factory=set)
    passwords: dict[str, str | None] = field(default_factory=dict)
    found_reports: dict[str, tuple[object, Device]] = field(default_factory=dict)

    found_drafts: dict[str, PolicyDraft] = field(default_factory=dict)
    found_pins: dict[tuple[str, str], ToolPin] = field(default_factory=dict)

    def apply_to_people(self, change: Change) -> None:
        match change:
            case DropTokens(subject, only, but):
                for digest, token in [*self.tokens_kept.items()]:
                    if token.subject == subject and only in (None, token.id) and digest != but:
                        del self.tokens_kept[digest]
            case SeeToken(digest, at):
                if digest in self.tokens_kept:
                    self.tokens_kept[digest] = replace(self.tokens_kept[digest], seen_at=at)
            case DropExpired(at, _):
                for digest, token in [*self.tokens_kept.items()]:
                    if token.expires_at <= at:
                        del self.tokens_kept[digest]
            case KeepNetwork(subject, network, _):
                self.found_networks.add((subject, network))
            case PutPassword(subject, password_hash):
                self.passwords[subject] = password_hash
            case PutAuthenticator(authenticator):
                self.found_authenticators[authenticator.id] = authenticator
            case UseAuthenticator(id, at, step):
                known = self.found_authenticators.get(id)
                if known is None or (known.last_step >= step if step else known.used_at):
                    raise ConflictFault("code-used", "it was used before")
                used = replace(known, last_step=step) if step else replace(known, used_at=at)
                self.found_authenticators[id] = used
            case DropAuthenticators(subject, kind):
                for id, one in [*self.found_authenticators.items()]:
                    if one.subject == subject and kind in (None, one.kind):
                        del self.found_authenticators[id]
            case PutInvitation(invitation):
                for id, made in self.found_invitations.items():
                    same = (made.purpose, made.subject) == (invitation.purpose, invitation.subject)
                    if same and made.used_at is None:
                        self.found_invitations[id] = replace(made, used_at=invitation.made_at)
                self.found_invitations[invitation.id] = invitation
            case UseInvitation(id, at):
                made = self.found_invitations.get(id)
                if made is None or made.used_at is not None or made.expires_at <= at:
                    raise ConflictFault("invitation-over", "it is over")
                self.found_invitations[id] = replace(made, used_at=at)
            case PutExternalIdentity(identity):
                key = (identity.provider, identity.external)
                known_as = self.found_identities.get(key)
                if known_as is not None and known_as.subject != identity.subject:
                    raise ConflictFault("identity-taken", "it is another person's")
                self.found_identities[key] = identity
            case DropExternalIdentity(provider, external):
                self.found_identities.pop((provider, external), None)
            case PutProvisionedGroup(group):
                others = (one for one in self.found_groups.values() if one.id != group.id)
                if any(one.name == group.name for one in others):
                    raise ConflictFault("group-exists", "another group has that name")
                self.found_groups[group.id] = group
            case DropProvisionedGroup(id):
                self.found_groups.pop(id, None)
            case AdmitDeviceKey(key_id, at, by):
                waiting = self.found_keys.get(key_id)
                if waiting is None or waiting.revoked_at or waiting.admitted_at:
                    raise ConflictFault("device-not-waiting", "it does not wait")
                self.found_keys[key_id] = replace(waiting, admitted_at=at, admitted_by=by)
            case PutDeviceDetails(key_id, details):
                self.found_keys[key_id] = replace(self.found_keys[key_id], details=details)
            case PutPolicyDraft(draft):
                self.found_drafts[draft.id] = draft
            case DropPolicyDraft(id):
                self.found_drafts.pop(id, None)
            case PutToolPin(pin):
                self.found_pins[pin.target, pin.name] = pin
            case PutDeviceReport(key_id, report, at):
                before = self.found_reports.get(key_id)
                if before is not None and before[0] >= at:  # type: ignore[operator]
                    raise ConflictFault("report-old", "a later one is kept")
                self.found_reports[key_id] = (at, report)
            case EndDeviceCredentials(key_id, at):
                for id, credential in [*self.found_credentials.items()]:
                    if credential.device == key_id and credential.expires_at > at:
                        self.found_credentials[id] = replace(credential, expires_at=at)
            case _:  # What is learned has no part in these tests.
                pass

    async def token(self, digest: str) -> Token | None:
        return self.tokens_kept.get(digest)

    async def tokens(
        self, subject: SubjectId | None = None, provider: str = "", provider_session: str = ""
    ) -> Sequence[Token]:
        found = (
            token
            for token in self.tokens_kept.values()
            if subject in (None, token.subject)
            and provider in ("", token.provider)
            and provider_session in ("", token.provider_session)
        )
        return sorted(found, key=lambda token: (token.expires_at, token.id))

    async def knows_network(self, subject: SubjectId, network: str) -> bool:
        return (subject, network) in self.found_networks

    async def authenticators(self, subject: SubjectId | None = None) -> Sequence[Authenticator]:
        found = self.found_authenticators.values()
        return [one for one in found if subject in (None, one.subject)]

    async def invitation(self, digest: str) -> Invitation | None:
        found = (one for one in self.found_invitations.values() if one.digest == digest)
        return next(found, None)

    async def external_identities(
        self, provider: str, external: str = "", subject: SubjectId | None = None
    ) -> Sequence[ExternalIdentity]:
        found = (
            one
            for one in self.found_identities.values()
            if one.provider == provider
            and external in ("", one.external)
            and subject in (None, one.subject)
        )
        return sorted(found, key=lambda one: one.external)

    async def provisioned_groups(self) -> Sequence[ProvisionedGroup]:
        return sorted(self.found_groups.values(), key=lambda one: one.name)

    async def device_reports(self, keys: Sequence[DeviceKeyId]) -> Mapping[DeviceKeyId, Device]:
        return {key: self.found_reports[key][1] for key in keys if key in self.found_reports}

    async def tool_pins(self, target: TargetId) -> Sequence[ToolPin]:
        found = (pin for pin in self.found_pins.values() if pin.target == target)
        return sorted(found, key=lambda pin: pin.name)

    async def policy_drafts(self, owner: SubjectId | None = None) -> Sequence[PolicyDraft]:
        found = [one for one in self.found_drafts.values() if owner in (None, one.owner)]
        return sorted(found, key=lambda one: one.changed_at, reverse=True)

    async def policy_draft(self, draft: str) -> PolicyDraft | None:
        return self.found_drafts.get(draft)
