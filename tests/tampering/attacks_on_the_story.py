"""Attacks by an operator with all keys on what the entries say together: permits, assents, screens.

Each signs everything anew, so that nothing but what is said can give it away.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from tampering.forging import KEY, OPERATOR, Act, Attack, Forged
from unit.assent_verify.exports import digest

Content = dict[str, Any]


def _signed(change: Act) -> Act:
    def act(log: Forged) -> None:
        change(log)
        log.sign()

    return act


def _action_of(log: Forged, verb: str, number: int = -1) -> str:
    """Return the action of the n-th attempt at this."""
    return str(log.leaf(log.find("attempt", number, verb=verb))["facts"]["action"])


def _permit(log: Forged, verb: str) -> int:
    return log.find("decision", action=_action_of(log, verb), outcome="permit")


def _approval(log: Forged, verb: str, number: int = 0) -> int:
    return log.find("approval", number, action=_action_of(log, verb))


def _said(find: Callable[[Forged], int], change: Callable[[Content], None]) -> Act:
    """Write the payload of an entry anew."""

    def act(log: Forged) -> None:
        index = find(log)
        content = log.content(index)
        change(content)
        log.rewrite(index, content)

    return _signed(act)


def _without(*found: Callable[[Forged], int]) -> Act:
    return _signed(lambda log: log.delete(*[find(log) for find in found]))


def _delete(log: Forged) -> int:
    return _permit(log, "sql.delete")


def _update(log: Forged) -> int:
    return _permit(log, "sql.update")


def _result(log: Forged) -> int:
    return log.find("result", action=_action_of(log, "sql.delete"))


# Decisions


def _denied(log: Forged) -> int:
    return log.find("decision", action=_action_of(log, "sql.truncate"))


def _denial_to_permit(log: Forged) -> None:
    """Let what was denied have been permitted, and Cedar have said so."""
    index = _denied(log)
    log.change_facts(index, outcome="permit", code=None, policies=["statement.write"])
    content = log.content(index)
    for one in content["cedar"]["asked"]:
        one["permits"] = ["statement.write"]
    content["obligations"] = {}
    for name in ("messages", "remedies"):
        content.pop(name, None)
    log.rewrite(index, content)


def _answers_changed(content: Content) -> None:
    for one in content["cedar"]["asked"]:
        one["forbids"] = []


def _harmless_question(content: Content) -> None:
    for one in content["cedar"]["asked"]:
        one["action"] = {"type": "Action", "id": "sql.read"}
        one["permits"], one["forbids"] = ["statement.read"], []
    for entity in content["cedar"]["entities"]:
        if entity["uid"] == {"type": "Action", "id": "sql.delete"}:
            entity["uid"]["id"] = "sql.read"
            entity["parents"] = [{"type": "Action", "id": "read"}]


def _has_where(content: Content) -> None:
    for one in content["cedar"]["asked"]:
        one["context"]["statement"] = {"has_where": True}
        one["forbids"] = []


def _dba(content: Content) -> None:
    for entity in content["cedar"]["entities"]:
        if entity["uid"]["type"] == "Human":
            entity["parents"] = [{"type": "Group", "id": "dba"}]
    for one in content["cedar"]["asked"]:
        one["permits"], one["forbids"] = ["statement.dba"], []


def _another_text(log: Forged) -> None:
    index = log.find("attempt", -1, verb="sql.delete")
    log.rewrite(index, log.content(index) | {"text": "delete from tampered_with where id = 0;"})


def _other_policies(log: Forged) -> None:
    index = log.find("server.started")
    content = log.content(index)
    for name in list(content["policies"]):
        content["policies"][name] = content["policies"][name].replace("guard.", "guards.")
    log.rewrite(index, content)


def _at_no_time(log: Forged) -> None:
    log.change_facts(_delete(log), revision="pol-0000000000000000")


# Assents


def _no_signature(log: Forged) -> None:
    log.change_facts(
        _approval(log, "sql.delete"), key=None, key_kind=None, signature=None, shown=None
    )


def _wrong_signature(log: Forged) -> None:
    index = _approval(log, "sql.delete")
    old = log.leaf(index)["facts"]["signature"]
    log.change_facts(index, signature=("B" if old[0] != "B" else "C") + old[1:])


def _wrong_key(log: Forged) -> None:
    index = _approval(log, "sql.delete")
    # Dora made her passkey before.
    log.change_facts(log.find("device.enrolled", 1), public_key="A" * 43 + "=")
    assert log.leaf(index)["facts"]["key"]


def _by_passkey(log: Forged) -> int:
    return log.find("approval", key_kind="webauthn")


def _passkey_said(change: Callable[[bytearray, dict[str, Any]], None]) -> Act:
    """Change what the authenticator (bytes) or the browser (JSON) said."""

    def act(log: Forged) -> None:
        index = _by_passkey(log)
        said = log.leaf(index)["facts"]["assertion"]
        data = bytearray(b64decode(said["authenticator_data"]))
        client = json.loads(b64decode(said["client_data"]))
        change(data, client)
        written = json.dumps(client).encode()
        parts = {"authenticator_data": bytes(data), "client_data": written}
        assertion = {name: b64encode(part).decode() for name, part in parts.items()}
        log.change_facts(index, assertion=assertion)

    return _signed(act)


def _unverified(data: bytearray, _: dict[str, Any]) -> None:
    data[32] &= ~0x04


def _counted_otherwise(data: bytearray, _: dict[str, Any]) -> None:
    data[36] ^= 1


def _of_another_site(data: bytearray, _: dict[str, Any]) -> None:
    data[:32] = sha256(b"evil.test").digest()


def _signed_elsewhere(_: bytearray, client: dict[str, Any]) -> None:
    client["origin"] = "https://evil.test"


def _signed_otherwise(_: bytearray, client: dict[str, Any]) -> None:
    client["challenge"] = "A" * 43


def _signed_in_only(_: bytearray, client: dict[str, Any]) -> None:
    client["type"] = "webauthn.create"


def _no_assertion(log: Forged) -> None:
    log.change_facts(_by_passkey(log), assertion=None)


def _site_of_the_passkey(log: Forged) -> None:
    log.change_facts(log.find("device.enrolled", rp_id="localhost"), rp_id="evil.test")


def _another_digest(log: Forged) -> None:
    log.change_facts(_approval(log, "sql.delete"), digest="sha256:" + "ab" * 32)


def _approved_by(log: Forged, index: int, number: int, name: str) -> None:
    """Let assent `number` to the update have been given by somebody else, wherever it is said."""
    permit = _update(log)
    content = log.content(permit)
    one = content["evidence"]["approvals"][number]
    subject = content["evidence"]["subject"]
    known = {who["name"]: who for who in [subject, *content["evidence"]["approvers"].values()]}
    who = known[name]
    content["evidence"]["approvers"][who["id"]] = who
    one["approver"] = who["id"]
    log.rewrite(permit, content)
    log.payloads.pop(index, None)
    log.change(index, subject=who["id"], payload=None)


def _one_person_twice(log: Forged) -> None:
    _approved_by(log, _approval(log, "sql.update", 1), 1, "ben")


def _their_own(log: Forged) -> None:
    _approved_by(log, _approval(log, "sql.update", 1), 1, "ana")


def _not_eligible(content: Content) -> None:
    for who in content["evidence"]["approvers"].values():
        if who["name"] == "dora":
            who["groups"] = ["engineers"]


def _disabled(content: Content) -> None:
    for who in content["evidence"]["approvers"].values():
        if who["name"] == "dora":
            who["disabled"] = True


def _no_assents(content: Content) -> None:
    content["evidence"]["approvals"] = []


def _one_assent(content: Content) -> None:
    del content["evidence"]["approvals"][1:]


def _withdrawn(log: Forged) -> None:
    given = log.leaf(_approval(log, "sql.delete"))
    facts = {name: given["facts"][name] for name in ("action", "approval", "digest", "verdict")}
    at = _delete(log)
    leaf = {"id": "ent_withdrawn", "kind": "approval.withdrawn", "facts": facts, "payload": None}
    log.insert(at, {**given, **leaf, "at": log.leaf(at)["at"]})


def _rejected(log: Forged) -> None:
    log.change_facts(_approval(log, "sql.update"), verdict="reject")


def _to_another_request(log: Forged) -> None:
    log.change(_approval(log, "sql.update"), request="req_another")


# Recordings


def _segment(log: Forged, number: int) -> str:
    """Return the name of a segment of the session that has two."""
    (second,) = [name for name in log.files if name.endswith("/2.segment")]
    return second.replace("/2.", f"/{number}.")


def _entry_of(log: Forged, name: str) -> int:
    return log.find("session.segment", digest=digest(log.files[name]))


def _segment_cut(log: Forged) -> None:
    name = _segment(log, 1)
    log.files[name] = log.files[name][:-1]


def _segments_swapped(log: Forged) -> None:
    one, two = _segment(log, 1), _segment(log, 2)
    log.files[one], log.files[two] = log.files[two], log.files[one]


def _segment_of_another_session(log: Forged) -> None:
    name = _segment(log, 1)
    log.files[name] = log.files[log.file("recording/", 0)]


def _segment_gone(log: Forged) -> None:
    del log.files[_segment(log, 2)]


def _segment_more(log: Forged) -> None:
    log.files[_segment(log, 3)] = log.files[_segment(log, 2)]


def _segment_unlogged(log: Forged) -> None:
    """Take a segment out of the recording and out of the log."""
    name = _segment(log, 1)
    log.delete(_entry_of(log, name))
    del log.files[name]


def _segments_logged_in_another_order(log: Forged) -> None:
    log.swap(_entry_of(log, _segment(log, 1)), _entry_of(log, _segment(log, 2)))


def _spliced(log: Forged, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines of the second segment, seal it anew and log its new digest."""
    name = _segment(log, 2)
    index = _entry_of(log, name)
    session = name.split("/")[1]
    associated = f"assent segment v1\n{session}/2".encode()
    key, plain = log.unsealed(log.files[name], associated)
    lines = change(plain.splitlines(keepends=True))
    log.files[name] = log.sealed(b"".join(lines), associated, key)
    log.change_facts(index, digest=digest(log.files[name]))
    log.sign()


def _without_a_frame(log: Forged) -> None:
    _spliced(log, lambda lines: lines[:-1])


def _without_a_statement(log: Forged) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        kinds = [json.loads(line).get("kind") for line in lines]
        at = kinds.index("statement", kinds.index("statement") + 1)
        sequence = json.loads(lines[at])["sequence"]
        kept = [line for line in lines if json.loads(line).get("sequence") != sequence]
        # Other frames in their place, so that their number is right.
        return [*kept, *[kept[-1]] * (len(lines) - len(kept))]

    _spliced(log, change)


def _ended_earlier(log: Forged) -> None:
    index = log.find("session.ended", -1)
    facts = log.leaf(index)["facts"]
    log.change_facts(index, segments=facts["segments"] - 1, frames=facts["frames"] - 1)


def _redacted_somebody_else(log: Forged) -> None:
    """Let an erasure be about somebody else, and keep what is erased so."""
    index = log.find("payload.redacted")
    other = log.leaf(log.find("approval"))["subject"]
    log.change_facts(index, about=other, keys=["dek_of_nobody"])


ROWS = (
    Attack("delete the decision on what ran", OPERATOR, KEY, 9, 1, "", _without(_delete)),
    Attack(
        "delete attempt, decision and request of what ran", OPERATOR, KEY, 9, 1, "",
        _signed(lambda log: log.delete(*_all_of(log, "sql.delete", {"result"}))),
    ),
    Attack("delete the result of what ran", OPERATOR, KEY, 9, 2, "no outcome",
           _without(lambda log: log.find("result", -1, outcome="done"))),
    Attack("turn a denial into a permit", OPERATOR, KEY, 10, 1, "", _signed(_denial_to_permit)),
    Attack(
        "change what Cedar answered", OPERATOR, KEY, 10, 1, "", _said(_delete, _answers_changed)
    ),
    Attack(
        "record a harmless question beside a harmful statement",
        OPERATOR, KEY, 10, 1, "", _said(_delete, _harmless_question),
    ),
    Attack("record that it had a WHERE", OPERATOR, KEY, 10, 1, "", _said(_delete, _has_where)),
    Attack("record that they were a DBA", OPERATOR, KEY, 10, 1, "", _said(_delete, _dba)),
    Attack("write another text for what ran", OPERATOR, KEY, 10, 1, "", _signed(_another_text)),
    Attack("write other policies", OPERATOR, KEY, 10, 1, "", _signed(_other_policies)),
    Attack("decide by a revision that was never in force", OPERATOR, KEY, 10, 1, "",
           _signed(_at_no_time)),
    Attack("release without any assent", OPERATOR, KEY, 11, 1, "", _said(_update, _no_assents)),
    Attack("release with one assent of two", OPERATOR, KEY, 11, 1, "", _said(_update, _one_assent)),
    Attack(
        "delete the entry of an assent", OPERATOR, KEY, 11, 1, "which no entry before it holds",
        _without(lambda log: _approval(log, "sql.update")),
    ),
    Attack("take the signature off an assent", OPERATOR, KEY, 11, 1, "", _signed(_no_signature)),
    Attack("forge the signature of an assent", OPERATOR, KEY, 11, 1, "", _signed(_wrong_signature)),
    Attack("exchange the key of a device", OPERATOR, KEY, 11, 1, "", _signed(_wrong_key)),
    Attack("take off what a passkey signed besides", OPERATOR, KEY, 11, 1, "beside its signature",
           _signed(_no_assertion)),
    Attack("let a passkey have verified nobody", OPERATOR, KEY, 11, 1, "did not verify",
           _passkey_said(_unverified)),
    Attack("let a passkey have signed less often", OPERATOR, KEY, 11, 1, "does not fit",
           _passkey_said(_counted_otherwise)),
    Attack("use a passkey of another site", OPERATOR, KEY, 11, 1, "is not for `localhost`",
           _passkey_said(_of_another_site)),
    Attack("let a passkey have signed on another page", OPERATOR, KEY, 11, 1, "it was signed at",
           _passkey_said(_signed_elsewhere)),
    Attack("let a passkey have signed something else", OPERATOR, KEY, 11, 1, "its challenge",
           _passkey_said(_signed_otherwise)),
    Attack("take the making of a passkey for an assent", OPERATOR, KEY, 11, 1, "another ceremony",
           _passkey_said(_signed_in_only)),
    Attack("enrol a passkey for another site", OPERATOR, KEY, 11, 1, "it was signed at",
           _signed(_site_of_the_passkey)),
    Attack("put an assent to something else", OPERATOR, KEY, 11, 1, "", _signed(_another_digest)),
    Attack("put an assent to another request", OPERATOR, KEY, 11, 1, "",
           _signed(_to_another_request)),
    Attack("make an assent of a rejection", OPERATOR, KEY, 11, 1, "is a rejection",
           _signed(_rejected)),
    Attack("count one person twice", OPERATOR, KEY, 11, 1, "", _signed(_one_person_twice)),
    Attack("let the requester assent to their own", OPERATOR, KEY, 11, 1, "", _signed(_their_own)),
    Attack("count somebody who may not assent", OPERATOR, KEY, 11, 1, "",
           _said(_update, _not_eligible)),
    Attack("count somebody who is disabled", OPERATOR, KEY, 11, 1, "", _said(_update, _disabled)),
    Attack("release on an assent that was withdrawn", OPERATOR, KEY, 11, 1, "was withdrawn before",
           _signed(_withdrawn)),
    Attack("cut a segment of a recording short", OPERATOR, KEY, 12, 1, "", _segment_cut),
    Attack("exchange two segments", OPERATOR, KEY, 12, 1, "", _segments_swapped),
    Attack("show a segment of another session", OPERATOR, KEY, 12, 1, "",
           _segment_of_another_session),
    Attack("take out a segment", OPERATOR, KEY, 12, 2, "is missing", _segment_gone),
    Attack("add a segment", OPERATOR, KEY, 12, 1, "does not know", _segment_more),
    Attack("take a segment out of the log too", OPERATOR, KEY, 12, 1, "does not follow",
           _signed(_segment_unlogged)),
    Attack("log segments in another order", OPERATOR, KEY, 12, 1, "does not follow",
           _signed(_segments_logged_in_another_order)),
    Attack("cut a frame out of a recording and log that", OPERATOR, KEY, 12, 1, "frames",
           _without_a_frame),
    Attack("cut a statement out of a recording and log that", OPERATOR, KEY, 12, 1, "lacks",
           _without_a_statement),
    Attack(
        "delete everything about what ran, but not its recording", OPERATOR, KEY, 12, 1,
        "no permit of its session",
        _signed(lambda log: log.delete(*_all_of(log, "sql.delete", set()))),
    ),
    Attack(
        "delete a session and leave its recording", OPERATOR, KEY, 12, 1, "does not know",
        _signed(lambda log: log.delete(*_of_session(log))),
    ),
    Attack("let a session have ended earlier", OPERATOR, KEY, 12, 1, "", _signed(_ended_earlier)),
    Attack("say that somebody else was erased", OPERATOR, KEY, 6, 2, "is not among the keys",
           _signed(_redacted_somebody_else)),
)  # fmt: skip


def _of_session(log: Forged) -> list[int]:
    """Return all entries of the session of the first segment."""
    session = log.leaf(log.find("session.segment"))["session"]
    return [index for index in range(log.size) if log.leaf(index)["session"] == session]


def _all_of(log: Forged, verb: str, but: set[str]) -> list[int]:
    """Return all entries about the newest action of this kind, but of some kinds."""
    action = _action_of(log, verb)
    return [
        index
        for index in range(log.size)
        if log.leaf(index)["facts"].get("action") == action and log.leaf(index)["kind"] not in but
    ]
