from typing import Any

from assent.core.plugins import RefusalKind, Refused
from assent.protocols.mcp import answers
from assent.protocols.mcp.answers import explained
from builders import a_request

WAITS = Refused(RefusalKind.WAITING, "a DBA must assent", "why", "send it again", "req_1")
DENIED = Refused(RefusalKind.DENIED, "never", entry="ent_1")


def test_a_refusal_says_to_programs_what_it_says_to_people() -> None:
    result = answers.refused_result(explained(DENIED, others=["read"]))
    assert result["isError"] is True
    assert result["structuredContent"] == {
        "code": "denied",
        "message": "never",
        "entry": "ent_1",
        "alternatives": [{"tool": "read", "because": "it only reads"}],
    }
    assert result["content"][0]["text"] == "never\ntools that only read: read"


def test_what_waits_says_of_whom_what_is_needed_until_when_and_where() -> None:
    why = explained(
        WAITS, request=a_request(), missing=["assent of 1 of dba"], asked=["ben"], url="http://a/r"
    )
    said = answers.content(why)
    assert said["needed"] == [{"kind": "approval", "what": "assent of 1 of dba"}]
    assert said["deadline"].startswith("2026-03-04T12:15")
    assert said["risk"] == {"score": 40, "level": "medium"}
    assert (said["request"], said["url"], said["retry_after_s"]) == ("req_1", "http://a/r", 5)
    assert answers.refused_error(1, why)["error"]["code"] == -32011
    assert answers.refused_error(1, explained(DENIED))["error"]["code"] == -32010


def test_a_client_of_the_newest_kind_is_told_where_its_person_looks_and_comes_back() -> None:
    why = explained(WAITS, url="http://a/r")
    first = answers.input_required(why, opens_pages=True)
    asked = first["inputRequests"][answers.KEY]["params"]
    assert (first["resultType"], asked["mode"], asked["url"]) == (
        "input_required",
        "url",
        "http://a/r",
    )
    assert answers.resumed({"requestState": first["requestState"]}) == "req_1"
    assert "inputRequests" not in answers.input_required(why, opens_pages=False)
    error = answers.elicitation_error(1, why)["error"]
    assert error["data"]["elicitations"][0]["elicitationId"] == "req_1"


def test_what_a_client_says_of_its_person_is_believed_only_where_it_can_be_read() -> None:
    def action(said: Any) -> str:
        return answers.answered({"inputResponses": said})

    assert action({"assent": {"action": "decline"}}) == "decline"
    for said in (None, 7, {}, {"assent": 7}, {"assent": {"action": "drop"}}, {"other": {}}):
        assert action(said) == ""
    for state in (7, "x" * 300, "other:req_1"):
        assert answers.resumed({"requestState": state}) == ""
