"""Whatever is sent, the API answers as it describes itself, and never with a server error."""

from datetime import timedelta
from hashlib import sha256

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assent.api import build_app
from assent.core.ids import TokenId
from assent.core.token import Token, TokenKind
from memory_plane import NOON, PEOPLE, MemoryPlane

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TOKEN = "the-token-of-this-suite"
PLANE = MemoryPlane()
APP = build_app(PLANE.plane, "http://assent.test", lambda: ("gate.test", 6432))
# The stream has no end that a generated call could wait for; a unit test reads it.
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP).exclude(path="/v1/inbox/stream")


@SCHEMA.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_it_describes_itself(case: schemathesis.Case) -> None:
    # Signed in anew each time: a logout of one case must not refuse the next one.
    digest = sha256(TOKEN.encode()).hexdigest()
    lasts_until = NOON + timedelta(hours=1)
    PLANE.store.tokens_kept[digest] = Token(
        TokenId("tok_1"),
        digest,
        PEOPLE[1].id,
        TokenKind.COMMAND_LINE,
        "password",
        NOON,
        lasts_until,
    )
    case.call_and_validate(headers={"authorization": f"Bearer {TOKEN}"}, checks=CHECKS)
