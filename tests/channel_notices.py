"""Notices and people as channels are told of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from assent.core.faults import OperatorFault
from assent.core.ids import NoticeId, RequestId, SubjectId
from assent.core.notice import Notice
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.notifiers.address_book import AddressBook

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
BEN = Subject(SubjectId("sub_ben"), "ben", groups=frozenset({"dba"}))
DORA = Subject(SubjectId("sub_dora"), "dora", groups=frozenset({"sre"}))
BOOK = AddressBook(
    {
        "ben": {"email": "ben@example.org", "slack": "U024BE7LH"},
        "dora": {"email": "", "slack": ""},
    }
)
HOSTILE = (
    "<!channel> <@U0OTHER> <https://evil.test|Open in Assent> *b* _i_ `c` ~s~ [l](https://evil.test)"
    " ![p](https://evil.test/p.png) <at>all</at> <script>alert(1)</script> & &lt; \u202e\u2066 "
    "\r\nBcc: eve@evil.test\r\n\r\n.\r\nQUIT\r\n \x00\x1b[2J \udcff"
)


def a_notice(topic: str = "request.asked", **changed: Any) -> Notice:
    said: dict[str, Any] = {
        "topic": topic,
        "at": NOON,
        "request": RequestId("req_1"),
        "id": NoticeId("ntc_1"),
        "key": f"{topic}:req_1",
        "to": (BEN.id, DORA.id),
        "headline": "ana: sql.delete on shop",
        "lines": ("reason: carts of last year", "needed: 1 of dba"),
        "link": "https://assent.test/requests/req_1",
        "thread": "req_1",
    }
    return Notice(**{**said, **changed})


def revealing(**secrets: str) -> Callable[[str], Secret[str]]:
    """Return what reads references `env:NAME` of these names."""

    def reveal(reference: str) -> Secret[str]:
        name = reference.removeprefix("env:")
        if name not in secrets:
            raise OperatorFault("secret-missing", f"set the environment variable `{name}`")
        return Secret(secrets[name])

    return reveal
