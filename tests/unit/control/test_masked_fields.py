"""What a request may not do to a masked field, and what is masked of its answer."""

from dataclasses import replace

import pytest

from assent.content.json_masking import JsonMasks
from assent.control.obligations import enforcement_of, keep, reads_masked
from assent.core.action import Action, Statement
from assent.core.decision import Decision, Deny, Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.protocols.http.reading import Body, read_request
from assent.protocols.http.routes import Routes
from policy_builders import SHOP, action, evidence

ROUTES = ("/customers", "/customers/{id}", "/customers/by-mail/{email}", "POST /search read")
ROUTES_AND_GRAPHQL = (*ROUTES, "/graphql")
LABELS = {
    "/customers.email": frozenset({"pii.email"}),
    "/customers/{id}.contact.email": frozenset({"pii.email"}),
    "/customers/by-mail/{email}.email": frozenset({"pii.email"}),
    "/search.email": frozenset({"pii.email"}),
    "/graphql.data.customers.email": frozenset({"pii.email"}),
}
API = replace(
    SHOP, protocol="http", database="", labels=LABELS, options={"routes": ROUTES_AND_GRAPHQL}
)
KEY = Secret(b"key")


def permit(*masks: str, **more: str) -> Permit:
    items = [Obligation("mask", mask, "p") for mask in masks]
    items += [Obligation(name, value, "p") for name, value in more.items()]
    return Permit("rev", ("p",), tuple(items))


def request(method: str, target: str, text: str = "", known: bool = True) -> Statement:
    path, _, query = target.partition("?")
    routes = Routes(ROUTES_AND_GRAPHQL if known else ())
    body = Body(text.encode(), "application/json" if text else "")
    return read_request(routes, method, path, query, body=body).statement


def kept(statement: Statement, by: Permit, target: Target = API) -> Decision:
    doing, known = of(statement, target)
    return keep(by, doing, known)


def of(statement: Statement, target: Target = API) -> tuple[Action, Evidence]:
    return replace(action(), statement=statement), replace(evidence(), target=target)


@pytest.mark.parametrize(
    ("method", "target", "text"),
    [
        ("GET", "/customers?email=ana@example.org", ""),
        ("GET", "/customers?filter[email]=ana", ""),
        ("GET", "/customers/17?contact.email=ana", ""),
        ("GET", "/customers/17?email=ana", ""),
        ("GET", "/customers?EMAIL=ana", ""),
        ("GET", "/customers?sort=-email", ""),
        ("GET", "/customers?order_by=name,email", ""),
        ("GET", "/customers?$filter=startswith(email,'a')", ""),
        ("GET", "/customers?q=email:ana*", ""),
        ("GET", "/customers?and=(email.eq.ana)", ""),
        ("GET", "/customers?select=note:email", ""),
        ("GET", "/customers?select=email%20as%20note", ""),
        ("GET", "/customers?sort=" + "a" * 300, ""),
        ("GET", "/customers/by-mail/ana@example.org", ""),
        ("HEAD", "/customers?email=ana", ""),
        ("DELETE", "/customers?email=ana", ""),
        ("POST", "/search", '{"email": "ana"}'),
        ("POST", "/search", '{"where": {"email": {"like": "a%"}}}'),
        ("POST", "/graphql", '{"query": "{ customers { note: email } }"}'),
    ],
)
def test_a_masked_field_is_not_tested_sorted_by_or_renamed(
    method: str, target: str, text: str
) -> None:
    decision = kept(request(method, target, text), permit("pii"))
    assert isinstance(decision, Deny)
    assert decision.code == "obligation"
    assert "masked for you" in decision.messages[0]


@pytest.mark.parametrize(
    ("method", "target", "text"),
    [
        ("GET", "/customers", ""),
        ("GET", "/customers/17?expand=orders", ""),
        ("GET", "/customers?fields=name,email", ""),
        ("GET", "/customers?q=send an email to them", ""),
        ("POST", "/customers", '{"email": "ana@example.org"}'),
        ("POST", "/search", '{"name": "ana"}'),
    ],
)
def test_what_only_reads_or_writes_it_is_permitted(method: str, target: str, text: str) -> None:
    statement = request(method, target.replace(" ", "%20"), text)
    assert isinstance(kept(statement, permit("pii")), Permit)


def test_who_may_infer_may_test() -> None:
    statement = request("GET", "/customers?email=ana")
    assert isinstance(kept(statement, permit("pii", mask_inference="allow")), Permit)


def test_what_is_not_understood_is_denied_where_anything_is_masked() -> None:
    assert isinstance(kept(request("GET", "/other"), permit("pii")), Deny)
    assert isinstance(kept(request("GET", "/customers"), permit("other")), Permit)


def test_a_mask_on_a_route_that_cannot_be_told_denies() -> None:
    target = replace(API, labels={}, options={})
    by = permit("/customers/{id}.email: null")
    decision = kept(request("GET", "/customers/17", known=False), by, target)
    assert isinstance(decision, Deny)
    assert "routes are not known" in decision.messages[0]
    assert isinstance(kept(request("GET", "/orders/17", known=False), by, target), Permit)
    assert isinstance(kept(request("GET", "/customers/17"), by), Permit)


def test_a_decision_on_what_holds_a_masked_field_does_not_serve_again() -> None:
    assert reads_masked(permit("pii"), *of(request("GET", "/customers")))
    assert not reads_masked(permit("other"), *of(request("GET", "/customers")))


def test_the_answer_is_masked_by_labels_and_by_names_of_fields() -> None:
    doing, known = of(request("GET", "/customers/17"))
    by = permit("pii.email: partial", '"/customers/{id}".name: null, /orders.sku')
    enforcement = enforcement_of(by, doing, known, KEY)
    found = JsonMasks("/customers/{id}", enforcement)
    shown = found.json(b'{"contact":{"email":"ana@example.org"},"name":"Ana","sku":"x"}')
    assert shown.data == b'{"contact":{"email":"a***@e***.org"},"name":null,"sku":"x"}'


def test_what_labels_look_like_is_looked_for_where_no_field_has_one() -> None:
    bare = replace(API, labels={})
    doing, known = of(request("GET", "/customers/17"), bare)
    enforcement = enforcement_of(permit("pii.email"), doing, known, KEY)
    assert enforcement is not None
    assert JsonMasks("/customers/{id}", enforcement).json(b'["ana@example.org"]').data == b'["***"]'
    assert enforcement_of(permit("nothing"), doing, known, KEY) is None
