"""Rows as the first schema (`spine_0001`) had them, and the nouns that they must still be.

The bodies are what the version of that schema wrote, letter for letter; they do not change with
the program.
"""

from dataclasses import replace
from typing import Any

from assent.core.assessment import Assessment, Factor, RiskLevel
from conformance import store_builders as make
from conformance.store_builders import ANA, BEN, GRANT, HOUR, NOON, SHOP

REQUEST_BODY = (
    '{"action":{"id":"act_req_1","subject":"sub_ana","statement":{"kind":"sql.delete","touches":'
    '[{"verb":"sql.delete","operation":"write","resource":{"kind":"Table","name":"public.orders"}'
    ',"columns":["email","id"]}],"complete":true,"has_where":false,"reusable":false,"functions":'
    '["lower","now"],"problems":[],"prepares":{"later":{"kind":"sql.read","touches":[],"complete"'
    ':false,"has_where":true,"reusable":false,"functions":[],"problems":["odd"],"prepares":{},'
    '"executes":[]}},"executes":[]},"target":"tgt_shop","session":"ses_1","text":"delete from '
    'orders -- gone\\u0000 \N{SNOWMAN}","parameters":["1",null,""],"phase":"execute",'
    '"in_transaction":true,"details":{"for_s":"7200"},"salt":"salt"},"action_digest":'
    '"sha256:cbcda9181507f08cc2c514d4a61868b1b15db94b209b7eda0220abf6faed1fd6","assessment":'
    '{"score":40,"level":"medium","factors":[{"name":"statement-class","points":40,"reason":'
    '"a delete","status":"observed"}]},"remedies":[["reason",{}],["ticket",{}],["step-up",'
    '{"within":"PT900S"}],["approval",{"stages":[[{"count":2,"group":"dba"}],[{"count":1,'
    '"group":"owners"},{"count":1,"group":"security"}]]}]],"messages":["two DBAs must assent"],'
    '"denied_by":["prod.delete-without-where"],"revision":"sha256:00","reason":"clean up",'
    '"ticket":"","outcome":"","settled_by":null,"grant":null}'
)
SUBJECT_BODY = (
    '{"id":"sub_ana","name":"ana","kind":"human","display_name":"","groups":["dba"],'
    '"verified":true,"disabled":false,"on_behalf_of":null}'
)

REQUEST = replace(
    make.request(),
    assessment=Assessment(40, RiskLevel.MEDIUM, (Factor("statement-class", 40, "a delete"),)),
    approvals=(make.approval("apr_1"),),
)

# In an order in which what a row refers to is there before it.
ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("subjects", {"id": ANA, "name": "ana", "body": SUBJECT_BODY, "password_hash": "argon"}),
    (
        "requests",
        {
            "id": "req_1",
            "state": "pending",
            "subject_id": ANA,
            "target_id": SHOP,
            "session_id": "ses_1",
            "created_at": NOON,
            "deadline_at": NOON + HOUR,
            "changed_at": NOON,
            "body": REQUEST_BODY,
        },
    ),
    (
        "approvals",
        {
            "id": "apr_1",
            "request_id": "req_1",
            "arrival": 1,
            "approver_id": BEN,
            "verdict": "approve",
            "action_digest": "sha256:00",
            "at": NOON,
            "comment": "fine",
        },
    ),
    (
        "grants",
        {
            "id": GRANT,
            "subject_id": ANA,
            "target_id": SHOP,
            "reason": "because",
            "starts_at": NOON,
            "ends_at": NOON + HOUR,
            "revoked_because": "",
        },
    ),
    (
        "credentials",
        {
            "id": "crd_1",
            "subject_id": ANA,
            "target_id": SHOP,
            "grant_id": GRANT,
            "stored_key": "ab" * 32,
            "server_key": "cd" * 32,
            "expires_at": NOON + HOUR,
            "connections_left": 1,
        },
    ),
    (
        "sessions",
        {
            "id": "ses_1",
            "subject_id": ANA,
            "target_id": SHOP,
            "grant_id": GRANT,
            "protocol": "postgres",
            "database": "shop",
            "client_address": "127.0.0.1",
            "application": "psql",
            "state": "open",
            "opened_at": NOON,
            "ends_at": NOON + HOUR,
            "ended_because": "",
        },
    ),
    (
        "habits",
        {
            "subject_id": ANA,
            "target_id": SHOP,
            "verb": "sql.read",
            "resource": "public.orders",
            "times": 7,
            "last_at": NOON,
        },
    ),
)
