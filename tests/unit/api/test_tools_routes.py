"""Tools from the outside, over a plane in memory."""

import httpx2

from assent.api import build_app
from memory_plane import PASSWORD, MemoryPlane


async def test_the_tools_of_a_target_are_listed_with_how_they_stand() -> None:
    app = build_app(MemoryPlane().plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as http:

        async def listed(name: str, target: str = "shop") -> httpx2.Response:
            signed_in = await http.post("/v1/login", json={"name": name, "password": PASSWORD})
            headers = {"authorization": f"Bearer {signed_in.json()['token']}"}
            return await http.get(f"/v1/targets/{target}/tools", headers=headers)

        found = (await listed("ben")).json()["items"]
        assert [(one["name"], one["state"]) for one in found] == [
            ("add", "admitted"),
            ("wipe", "new"),
        ]
        assert (await listed("ana")).status_code == 403
        assert (await listed("ben", "none")).status_code == 404
