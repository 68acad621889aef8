"""A body by which a server takes its request for another one: not understood, wherever it is."""

import pytest

from assent.protocols.http.reading import Body, names_method, read_request
from assent.protocols.http.routes import Routes

ROUTES = Routes(["/orders/{id}"])
HEAD = 'multipart/form-data; boundary="b"'


def part(disposition: str, value: str = "DELETE") -> bytes:
    return f"--b\r\nContent-Disposition: {disposition}\r\n\r\n{value}\r\n--b--\r\n".encode()


def is_understood(data: bytes, kind: str, *, names: bool = False) -> bool:
    body = Body(data, kind, names_method=names)
    return read_request(ROUTES, "POST", "/orders/7", body=body).statement.complete


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="_method"',
        "form-data; name=_method",
        "form-data; name='_method'",
        'form-data; NAME="_Method"',
        'form-data;\tname = "_method"',
        'form-data; filename="a"; name="_method"',
        r'form-data; name="\_method"',
        r'form-data; name="_m\ethod"',
        "form-data; name*=utf-8''%5Fmethod",
        "form-data; name*0*=utf-8''%5F; name*1=method",
        'form-data; name="=?utf-8?q?=5Fmethod?="',
        f'form-data; name{" " * 40}="_method"',
        f'form-data; name={" " * 40}"_method"',
    ],
)
def test_a_part_that_may_name_another_method_is_not_understood(disposition: str) -> None:
    assert not is_understood(part(disposition), HEAD)


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="title"',
        'form-data; name="method"',
        "form-data; name=\"file\"; filename*=utf-8''r%C3%A9sum%C3%A9.pdf",
    ],
)
def test_parts_that_name_something_else_are_understood(disposition: str) -> None:
    assert is_understood(part(disposition), HEAD)


def test_a_method_is_found_behind_what_is_read_of_a_long_body() -> None:
    assert not is_understood(part('form-data; name="title"'), HEAD, names=True)


def test_a_part_is_found_wherever_it_is_cut() -> None:
    data = b"x" * 100 + part('form-data; name="_method"')
    for cut in range(1, len(data) - 1):
        first, second = data[:cut], data[cut:]
        assert names_method(first) or names_method(first[-64:] + second)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/vnd.api+json"])
def test_json_that_names_another_method_is_not_understood(kind: str) -> None:
    assert not is_understood(b'{"_method": "DELETE", "title": "x"}', kind)
    assert not is_understood(b'{"_METHOD": "delete"}', kind)
    assert is_understood(b'{"_method": "post"}', kind)
    assert is_understood(b'{"notes": {"_method": "by hand"}}', kind)
