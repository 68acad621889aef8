"""A mail message says the notice, belongs to its thread, and ends no header before its time."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from assent.core.ids import NoticeId
from assent.notifiers.mail import composed
from channel_notices import HOSTILE, a_notice


def read(earlier: str = "", recipients: tuple[str, ...] = ("ben@x.test",), **changed: Any) -> Any:
    message = composed(a_notice(**changed), "assent@example.org", recipients, earlier)
    again = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(again, EmailMessage)
    return again


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


def test_a_message_says_the_notice_twice() -> None:
    message = read()
    assert message["From"] == "Assent <assent@example.org>"
    assert message["To"] == "ben@x.test"
    assert message["Subject"] == "ana: sql.delete on shop"
    assert message["Date"].datetime == a_notice().at
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        for words in ("ana: sql.delete", "reason: carts", "https://assent.test/requests/req_1"):
            assert words in part(message, kind)


def test_it_has_the_same_id_however_often_it_is_sent() -> None:
    assert read()["Message-ID"] == read()["Message-ID"]
    assert read()["Message-ID"] != read(id=NoticeId("ntc_2"))["Message-ID"]
    assert read()["Message-ID"].endswith("@example.org>")


def test_messages_of_a_thread_refer_to_its_root_and_to_the_last_one() -> None:
    first = read()
    second = read(str(first["Message-ID"]), id=NoticeId("ntc_2"))
    root = str(first["References"])
    assert first["In-Reply-To"] == root
    assert second["References"] == f"{root} {first['Message-ID']}"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert read(thread="req_2")["References"] != root
    assert read(thread="")["References"] is None


def test_a_reference_that_is_none_is_not_repeated() -> None:
    for earlier in ("x", "<a@b>\r\nBcc: eve@evil.test", "<a@b> <c@d>"):
        assert "evil" not in read(earlier).as_string()
        assert read(earlier)["In-Reply-To"] == read()["In-Reply-To"]


def test_no_header_can_be_smuggled_in() -> None:
    message = read(headline=HOSTILE, lines=(HOSTILE,), topic=HOSTILE, thread=HOSTILE, key=HOSTILE)
    assert message["Bcc"] is None
    assert set(message.keys()) == set(read().keys())
    assert "\n" not in message["Subject"]
    assert "Bcc: eve@evil.test" in message["Subject"]


def test_no_tag_can_be_smuggled_in() -> None:
    html = part(read(headline=HOSTILE, lines=(HOSTILE,)), "html")
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert html.count("<a ") == 1


def test_a_message_without_a_link_has_none() -> None:
    assert "<a " not in part(read(link="javascript:alert(1)"), "html")


def test_what_is_loud_is_important() -> None:
    assert read(loud=True)["Importance"] == "high"
    assert read()["Importance"] is None


def test_many_people_are_not_shown_to_each_other() -> None:
    many = tuple(f"p{number}@x.test" for number in range(21))
    assert read(recipients=many)["To"] == "undisclosed-recipients:;"
    assert read(recipients=many[:20])["To"].count("@") == 20


def test_a_long_headline_is_cut_in_the_subject_alone() -> None:
    message = read(headline="é" * 450)
    assert message["Subject"] == "é" * 199 + "…"
    assert "é" * 450 in part(message, "plain")
