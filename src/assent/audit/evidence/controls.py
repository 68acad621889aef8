"""Which controls of which catalogue a report supports, with what, and what it does not show.

A report is evidence for somebody's judgement. It supports a control; it does not meet it.
Source: AICPA Trust Services Criteria 2017 (points of focus of 2022), ISO/IEC 27001:2022 annex A,
PCI DSS 4.0.1. What the clauses are about is said in our own words.
"""

from dataclasses import dataclass

SOC, ISO, PCI = "SOC 2", "ISO/IEC 27001:2022", "PCI DSS 4"


@dataclass(frozen=True, slots=True)
class Control:
    """A control that a report supports. where: tables and columns. not_shown: what it leaves."""

    framework: str
    clause: str
    about: str
    shows: str
    where: str
    not_shown: str


def _control(
    framework: str, clause: str, about: str, shows: str, where: str, not_shown: str
) -> Control:
    return Control(framework, clause, about, shows, where, not_shown)


_OUTSIDE = "access that does not pass this gateway"
_ACCESS = (
    _control(
        SOC, "CC6.1", "logical access is restricted",
        "what standing policies permit, and who held access beyond that",
        "policies; grants: holder, target, covers", _OUTSIDE,
    ),
    _control(
        SOC, "CC6.2", "people are registered and authorised before they get access",
        "who assented to each permission, and who vouches for each person's groups",
        "grants: granted by, request; people: vouched for by", "how people are hired and leave",
    ),
    _control(
        SOC, "CC6.3", "access follows roles, and is changed and removed",
        "when each permission began and ended, who revoked it, and what was never used",
        "grants: began, ended, at the end; unused", "whether a role is the right one",
    ),
    _control(
        ISO, "A.5.15", "rules for access are established",
        "the rules in force, and each time that they changed", "policies; revisions",
        "that they fit the organisation's own policy",
    ),
    _control(
        ISO, "A.5.18", "access rights are given, reviewed, changed and removed",
        "a list to review from, with the end and the last use of each right",
        "grants; unused; people", "that somebody did review this list: sign it",
    ),
    _control(
        ISO, "A.8.2", "privileged access rights are restricted and managed",
        "that access was for a time, for a reason, and whose word it rests on",
        "grants: kind, covers, reason, granted by", _OUTSIDE,
    ),
    _control(
        PCI, "7.2.1-7.2.4", "access follows need and least privilege, and is reviewed",
        "what each permission covered, and which were not needed",
        "grants: covers, last used; unused", "the review itself, due every six months",
    ),
    _control(
        PCI, "8.2.1-8.2.6", "every user has an identity of their own; idle ones are removed",
        "everybody by name, whether enabled, and when they were last seen",
        "people: state, last seen", "accounts on the targets themselves",
    ),
)  # fmt: skip
_ACTIONS = (
    _control(
        SOC, "CC6.1", "logical access is restricted",
        "that each privileged action was decided, by which policies",
        "actions: decision, by policies", _OUTSIDE,
    ),
    _control(
        SOC, "CC6.8", "unauthorised changes are prevented or detected",
        "what was denied or held, and what changed anything",
        "actions: class, decision, result", "changes made past this gateway",
    ),
    _control(
        SOC, "CC7.2", "anomalies are monitored",
        "the risk of each action at the moment when it was decided",
        "actions: score", "that somebody looked at it then",
    ),
    _control(
        ISO, "A.8.2", "privileged access rights are restricted and managed",
        "each use of such rights, by whom, on what and with whose assent",
        "actions: who, to what, approvers", _OUTSIDE,
    ),
    _control(
        ISO, "A.8.15", "logs are produced, protected and analysed",
        "entries of a log whose integrity an outsider can verify",
        "first page: verification; actions: receipt", "the logs of other systems",
    ),
    _control(
        PCI, "7.2.5-7.2.6", "privileges of applications and access to stored data are limited",
        "what was run against which data, and what was masked",
        "actions: what, to what, class", "which data are cardholder data: label them",
    ),
    _control(
        PCI, "10.2.1", "administrative and individual access is logged",
        "who, what, when, on what, and with what outcome",
        "actions: all columns", "reads that nothing masks or holds: they are in the log",
    ),
    _control(
        PCI, "10.3", "logs are protected from change",
        "the proof on the first page, and a receipt a row",
        "first page: verification, witnesses", "who else can write to backups",
    ),
)  # fmt: skip
_APPROVALS = (
    _control(
        SOC, "CC6.2", "access is authorised before it is given",
        "who was asked, who answered, and what became of it",
        "requests; answers", "access that policies permit at once",
    ),
    _control(
        SOC, "CC6.3", "duties are segregated",
        "where a requester approved their own request, and who stood in for whom",
        "answers: own, in place of, stage", "whether groups are staffed independently",
    ),
    _control(
        ISO, "A.5.15", "rules for access are applied",
        "what the rules asked for, and that it was given",
        "requests: needed, answers", "that the rules fit",
    ),
    _control(
        ISO, "A.5.18", "rights are given with authorisation",
        "each authorisation with its time, its comment and its signature",
        "answers: at, comment, signed", "that a comment is well founded",
    ),
    _control(
        ISO, "A.8.2", "privileged access is authorised by a process",
        "time to answer, rejections and why",
        "requests: first answer after, outcome, marks", _OUTSIDE,
    ),
    _control(
        PCI, "7.2.3", "required privileges are approved by authorised personnel",
        "the approver of each request, and the group they stand for",
        "answers: approver, stage, signed", "approvals that were given elsewhere",
    ),
    _control(
        PCI, "8.2.2", "exceptional access is justified and approved explicitly",
        "reason, ticket and approver", "requests: reason, ticket", _OUTSIDE,
    ),
)  # fmt: skip
_GLASS = (
    _control(
        SOC, "CC6.3", "exceptional access is limited and removed",
        "when each use began and ended", "uses: began, ended", _OUTSIDE,
    ),
    _control(
        SOC, "CC7.3", "security events are evaluated",
        "that each use was reviewed by somebody else, what they found, and what is overdue",
        "reviews: state, reviewer, found", "what followed from a finding",
    ),
    _control(
        SOC, "CC7.2", "anomalies are monitored",
        "what was done in an emergency, and how much of it was denied",
        "uses: what was done, denied", "whether it was an emergency",
    ),
    _control(
        ISO, "A.8.2", "privileged access for an emergency is managed",
        "reason, duration and review of each use", "uses; reviews", _OUTSIDE,
    ),
    _control(
        ISO, "A.8.15", "activities are logged",
        "how much of each use was recorded", "uses: recorded, receipt", "the logs of other systems",
    ),
    _control(
        PCI, "8.2.2", "emergency use of privileged access is limited in time and justified",
        "start, end, reason and person of each use", "uses: who, reason, ended", _OUTSIDE,
    ),
    _control(
        PCI, "10.4.1", "security events are reviewed",
        "who reviewed, when, and which are overdue", "reviews: closed, state",
        "the daily review of other logs",
    ),
)  # fmt: skip

CONTROLS: dict[str, tuple[Control, ...]] = {
    "access-review": _ACCESS,
    "privileged-actions": _ACTIONS,
    "approvals": _APPROVALS,
    "break-glass": _GLASS,
}
"""The controls that each report supports."""
