"""The control plane as the doors see it: one value that holds every use case."""

from dataclasses import dataclass

from assent.control.absences import Absences
from assent.control.access import Access
from assent.control.audit import Audit
from assent.control.break_glass import BreakGlass
from assent.control.comments import Comments
from assent.control.configuring import Configuring
from assent.control.custody import Custody
from assent.control.decided import Decided
from assent.control.delegating import Delegating
from assent.control.delegations import Delegations
from assent.control.device_keys import DeviceKeys
from assent.control.devices import Devices
from assent.control.directory import Directory
from assent.control.drafting import Drafting
from assent.control.events import Events
from assent.control.explain import Explain
from assent.control.external_sign_in import ExternalSignIn
from assent.control.grants import Grants
from assent.control.health import Health
from assent.control.insight import Insight
from assent.control.label_scans import LabelScans
from assent.control.labels import Labels
from assent.control.legal_holds import LegalHolds
from assent.control.live_watch import LiveWatch
from assent.control.local_people import LocalPeople
from assent.control.log_pages import LogPages
from assent.control.offers import Offers
from assent.control.outbox import Outbox
from assent.control.passkeys import Passkeys
from assent.control.people import People
from assent.control.personal_credentials import PersonalCredentials
from assent.control.plans import Plans
from assent.control.programs import Programs
from assent.control.provisioners import Provisioners
from assent.control.provisioning import Provisioning
from assent.control.recordings import Recordings
from assent.control.redaction import Redaction
from assent.control.reporting import Reporting
from assent.control.requests import Requests
from assent.control.retention import Retention
from assent.control.retracting import Retracting
from assent.control.reviews import Reviews
from assent.control.risk import Risk
from assent.control.searching import Searching
from assent.control.seeing import SessionViews
from assent.control.showing import Showing
from assent.control.sign_in import SignIn
from assent.control.steering import Steering
from assent.control.tool_pins import ToolPins
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.ports import SshAuthority, Store


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """What the API and the pages are built on. ssh: None where nothing listens for SSH."""

    clock: Clock
    ids: Ids
    store: Store
    directory: Directory
    events: Events
    sign_in: SignIn
    access: Access
    requests: Requests
    delegating: Delegating
    delegations: Delegations
    absences: Absences
    offers: Offers
    comments: Comments
    retracting: Retracting
    grants: Grants
    sessions: SessionViews
    steering: Steering
    live_watch: LiveWatch
    recordings: Recordings
    explain: Explain
    audit: Audit
    risk: Risk
    labels: Labels
    label_scans: LabelScans
    credentials: PersonalCredentials
    outbox: Outbox
    configuring: Configuring
    drafting: Drafting
    decided: Decided
    health: Health
    device_keys: DeviceKeys
    devices: Devices
    passkeys: Passkeys
    showing: Showing
    break_glass: BreakGlass
    reviews: Reviews
    plans: Plans
    redaction: Redaction
    legal_holds: LegalHolds
    retention: Retention
    searching: Searching
    custody: Custody
    reporting: Reporting
    people: People
    local_people: LocalPeople
    log_pages: LogPages
    programs: Programs
    providers: ExternalSignIn
    provisioning: Provisioning
    provisioners: Provisioners
    insight: Insight
    tool_pins: ToolPins
    ssh: SshAuthority | None = None
