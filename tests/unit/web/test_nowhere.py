"""An address that leads nowhere: a page for browsers, a problem for programs."""

from pathlib import Path

from doors import a_house


async def test_a_browser_gets_a_page_and_a_program_a_problem(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        page = await house.call("GET", "/nowhere", {"accept": "text/html,*/*;q=0.8"})
        program = await house.call("GET", "/nowhere", {"accept": "application/json"})
        api = await house.call("GET", "/v1/nowhere", {"accept": "text/html"})
    assert (page.status, program.status, api.status) == (404, 404, 404)
    assert "There is no such page" in page.text
    assert "content-security-policy" in page.headers
    assert "urn:assent:problem:no-such-path" in program.text
    assert "urn:assent:problem:no-such-path" in api.text
