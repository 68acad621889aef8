"""Events of the log as syslog messages, whose text is the OCSF event.

What proves an entry stands in front, in structured data, so that a receiver that cuts long
messages keeps it. Source: RFC 5424, section 6; octet counting of RFC 5425, section 4.3.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

FACILITY = 13
"""Log audit."""
EXAMPLE_ENTERPRISE = 32473
"""The number that RFC 5612 keeps for documentation: what nobody has their own of."""

# OCSF severity → syslog's: informational, notice, warning, error, critical.
_SEVERITIES = {1: 6, 2: 5, 3: 4, 4: 3, 5: 2}
_NOT_PRINTABLE = re.compile(r"[^!-~]")
_ESCAPED = re.compile(r'["\\\]]')


def syslog_message(event: Mapping[str, Any], host: str, enterprise: int) -> bytes:
    """Return one message. host: our own name. enterprise: the number of the structured data.

    The text is JSON in ASCII, so that it needs no byte order mark.
    """
    metadata, proof = event["metadata"], event["unmapped"]["assent"]
    priority = FACILITY * 8 + _SEVERITIES[event["severity_id"]]
    head = [
        f"<{priority}>1",
        metadata["original_time"],
        _field(host, 255),
        "assent",
        "-",
        _field(metadata["event_code"], 32),
    ]
    said = {
        "origin": proof["origin"],
        "index": proof["index"],
        "leaf": proof["leaf_hash"],
        "entry": metadata["uid"],
    }
    values = " ".join(f'{key}="{_ESCAPED.sub(_escape, str(one))}"' for key, one in said.items())
    text = json.dumps(event, separators=(",", ":"), sort_keys=True)
    return f"{' '.join(head)} [assent@{enterprise} {values}] {text}".encode()


def framed(message: bytes) -> bytes:
    """Return a message as it crosses a stream: its length in octets, a space, itself."""
    return b"%d %b" % (len(message), message)


def _escape(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _field(text: str, most: int) -> str:
    return _NOT_PRINTABLE.sub("?", text)[:most] or "-"
