"""Small nouns of the workflow for the tests of stores."""

from dataclasses import replace
from datetime import datetime, timedelta

from assent.core.changes import PutNotice, SpendGrant
from assent.core.device_key import ApprovalSignature, DeviceKey
from assent.core.grant import Delegation, Grant, GrantKind, PlannedText
from assent.core.ids import (
    DeviceKeyId,
    GrantId,
    NoticeId,
    RequestId,
    ReviewId,
    SubjectId,
)
from assent.core.notice import Notice
from assent.core.policy_revision import PolicyRevision
from assent.core.request import Approval, Verdict
from assent.core.review import Review
from assent.core.scope import Budget, Scope, Spent, Terms, Window
from assent.core.timer import Timer
from conformance import store_builders as make
from conformance.store_builders import ANA, BEN, GRANT, HOUR, NOON, SHOP

SCOPE = Scope(frozenset({"sql.select", "sql.update"}), frozenset({"public.orders", "sales.*"}))
BUDGET = Budget(actions=3, rows=1_000, risk_points=200)
NIGHTS = Window(frozenset({1, 2, 3, 4, 5}), 22 * 60, 6 * 60, "Europe/Berlin")


def whole_grant(name: str = GRANT) -> Grant:
    """Return a grant that says all that one can say."""
    return replace(
        make.grant(name),
        kind=GrantKind.PLAN,
        request=RequestId("req_1"),
        scope=SCOPE,
        budget=BUDGET,
        spent=Spent(1, 0, 20, 2**40, 7),
        on_first_use=timedelta(minutes=30),
        began_at=NOON,
        window=NIGHTS,
        extends=GrantId("grt_before"),
        plan=(PlannedText("sha256:z", 2), PlannedText("sha256:a", 1, 1)),
    )


def limited_grant(budget: Budget = BUDGET) -> Grant:
    return replace(make.grant(), budget=budget)


def plan(*texts: PlannedText) -> Grant:
    return replace(make.grant(), kind=GrantKind.PLAN, plan=texts)


def delegation(name: str, *, starts_at: datetime = NOON, ends_at: datetime = NOON + HOUR) -> Grant:
    return replace(
        make.grant(name, starts_at=starts_at, ends_at=ends_at),
        target=None,
        kind=GrantKind.DELEGATION,
        delegation=Delegation(BEN, "dba"),
    )


def spend(more: Spent, *, planned: str = "", force: bool = False) -> SpendGrant:
    return SpendGrant(GRANT, more, planned, force)


def offer(name: str) -> Approval:
    """Return an answer that says all that one can say."""
    return replace(
        make.approval(name),
        verdict=Verdict.OFFER,
        action_digest="sha256:less",
        terms=Terms(timedelta(minutes=20), replace(SCOPE, read_only=True), BUDGET),
        signature=ApprovalSignature(
            "webauthn", DeviceKeyId("key_1"), "sha256:shown", "c2ln", {"client_data": "e30="}
        ),
        in_place_of=SubjectId("sub_carl"),
    )


def notice(
    name: str, *, key: str = "", thread: str = "req_1", at: datetime = NOON, loud: bool = False
) -> Notice:
    return Notice(
        topic="request.opened",
        at=at,
        request=RequestId("req_1"),
        grant=GRANT,
        id=NoticeId(name),
        key=key,
        to=(BEN, ANA),
        headline="ana asks for shop \N{SNOWMAN}",
        lines=("delete from orders",),
        link="/requests/req_1",
        loud=loud,
        thread=thread,
    )


def put_notice(name: str, *channels: str, key: str = "", at: datetime = NOON) -> PutNotice:
    return PutNotice(notice(name, key=key, at=at), channels)


def timer(kind: str, about: str = "req_1", *, due_at: datetime = NOON) -> Timer:
    return Timer(kind, about, due_at)


def review(name: str, *, subject: SubjectId = ANA, opened_at: datetime = NOON) -> Review:
    return Review(
        ReviewId(name), GRANT, subject, SHOP, "security", "it burns", opened_at, opened_at + HOUR
    )


def device_key(name: str, *, subject: SubjectId = ANA, enrolled_at: datetime = NOON) -> DeviceKey:
    public_key = f"public key of {name}"
    return DeviceKey(DeviceKeyId(name), subject, "ed25519", public_key, "laptop", enrolled_at)


def policies(revision: str, *, by: SubjectId | None = None, at: datetime = NOON) -> PolicyRevision:
    sources = {"shop.cedar": "permit (principal, action, resource); // \N{SNOWMAN}\n", "b": ""}
    return PolicyRevision(revision, sources, at, by)
