"""One question over HTTP: bounded in time and size, and nothing else than JSON with 200."""

from collections.abc import Iterator

import pytest

from assent.core.faults import OutsideFault
from assent.intelligence.asking import LARGEST_BYTES, Asking
from operator_service import Service, serving


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


async def ask(service: Service, within_s: float = 5.0) -> object:
    asking = Asking("the service", service.url, within_s)
    try:
        return await asking.get({"group": "dba & co"}, {"authorization": "Bearer t"})
    finally:
        await asking.close()


async def test_a_question_is_asked_and_its_json_returned(service: Service) -> None:
    service.body = b'{"on_call": ["ben"]}'
    assert await ask(service) == {"on_call": ["ben"]}
    assert service.asked == [("GET", "/hook?group=dba+%26+co", b"", "Bearer t")] or (
        service.asked == [("GET", "/hook?group=dba%20%26%20co", b"", "Bearer t")]
    )


async def test_a_body_arrives_as_it_was_signed(service: Service) -> None:
    asking = Asking("the service", service.url, 5.0)
    assert await asking.post(b'{"a":1}', {"content-type": "application/json"}) == {}
    await asking.close()
    assert service.asked == [("POST", "/hook", b'{"a":1}', "")]


@pytest.mark.parametrize("status", [201, 204, 302, 400, 403, 500])
async def test_any_other_status_is_a_fault_and_no_redirect_is_followed(
    service: Service, status: int
) -> None:
    service.status, service.body, service.location = status, b"", service.url + "/elsewhere"
    with pytest.raises(OutsideFault, match=f"answered {status}"):
        await ask(service)
    assert len(service.asked) == 1


async def test_what_is_no_json_is_not_shown(service: Service) -> None:
    service.body = b"<html>s3cret</html>"
    with pytest.raises(OutsideFault, match="not JSON") as caught:
        await ask(service)
    assert "s3cret" not in str(caught.value)


async def test_an_answer_without_an_end_is_cut(service: Service) -> None:
    service.body = b"1" * (LARGEST_BYTES + 1)
    with pytest.raises(OutsideFault, match="64 KiB"):
        await ask(service)


async def test_who_does_not_answer_in_time_is_away(service: Service) -> None:
    service.hangs = True
    with pytest.raises(OutsideFault, match=r"did not answer|cannot be reached"):
        await ask(service, within_s=0.1)


async def test_who_is_not_there_is_away() -> None:
    with serving() as gone:
        pass
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await ask(gone)
