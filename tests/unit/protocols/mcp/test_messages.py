import pytest

from assent.protocols.mcp import messages
from assent.protocols.mcp.messages import MalformedFault, Message, parse


def test_a_request_a_notification_and_both_answers_are_read() -> None:
    asked = parse(b'{"jsonrpc":"2.0","id":"a","method":"ping","params":{"_meta":{"x":1}}}')
    assert (asked.id, asked.method, asked.meta) == ("a", "ping", {"x": 1})
    assert parse(b'{"jsonrpc":"2.0","method":"x"}') == Message("x")
    assert parse(b'{"jsonrpc":"2.0","id":1,"result":{}}').result == {}
    assert parse(b'{"jsonrpc":"2.0","id":null,"error":{"code":1}}').error == {"code": 1}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"", messages.PARSE_ERROR),
        (b'"\\ud800 a lone surrogate"', messages.PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":1e300,"method":"x"}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":99999999999999999999,"method":"x"}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":""}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"result":1}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', messages.INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"x"}', messages.INVALID_REQUEST),
        (b"null", messages.INVALID_REQUEST),
    ],
)
def test_what_is_no_message_has_a_number(text: bytes, number: int) -> None:
    with pytest.raises(MalformedFault) as fault:
        parse(text)
    assert fault.value.number == number


def test_a_message_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(MalformedFault, match="at most"):
        parse(b" " * (messages.LARGEST + 1))


def test_only_what_can_be_an_id_is_a_token_of_progress() -> None:
    def token(value: object) -> object:
        return Message("x", 1, {"_meta": {"progressToken": value}}).progress_token

    assert (token(7), token("a"), token(True), token({}), token("x" * 300)) == (
        7,
        "a",
        None,
        None,
        None,
    )
    assert Message("x", 1, {"_meta": 7}).progress_token is None
