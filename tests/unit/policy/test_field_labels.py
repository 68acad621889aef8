"""Labels of routes, tools and fields: how they are written, and what they hold for."""

from dataclasses import replace

from assent.policy.field_labels import field_labels, full_name, names_of
from assent.policy.labels import labels_of
from policy_builders import SHOP

LABELS = {
    "/customers/{id}.email": frozenset({"pii.email"}),
    '"/customers/{id}".address': frozenset({"pii.address"}),
    '"/v1.2/customers".email': frozenset({"pii.email"}),
    '/customers/{id}."card.number"': frozenset({"pci"}),
    "/admin": frozenset({"secret"}),
    "lookup": frozenset({"crm"}),
    "api.example": frozenset({"crown"}),
}
API = replace(SHOP, protocol="http", labels=LABELS)


def test_a_field_has_the_labels_of_all_that_it_lies_in() -> None:
    assert labels_of(API, "/customers/{id}", frozenset({"email"})) == ["pii", "pii.email"]
    assert labels_of(API, "/customers/{id}", frozenset({"address.city"})) == ["pii", "pii.address"]
    assert labels_of(API, "/customers/{id}", frozenset({'"card.number"'})) == ["pci"]
    assert labels_of(API, "/customers/{id}", frozenset({"card.number"})) == []
    assert labels_of(API, "/customers", frozenset({"email"})) == []


def test_all_fields_have_the_labels_of_each() -> None:
    every = labels_of(API, "/customers/{id}", frozenset({"*"}))
    assert every == ["pci", "pii", "pii.address", "pii.email"]
    assert labels_of(API, "/customers/{id}") == []


def test_who_touches_an_object_touches_what_is_in_it() -> None:
    labels = {"/orders.customer.email": frozenset({"pii"})}
    assert field_labels(labels, "/orders", ["customer"]) == {"pii"}


def test_a_route_with_a_dot_is_written_in_quotes() -> None:
    assert labels_of(API, "/v1.2/customers", frozenset({"email"})) == ["pii", "pii.email"]
    assert full_name('"/customers/{id}".email') == "/customers/{id}.email"
    assert full_name('"/v1.2/a".email') == '"/v1.2/a".email'


def test_a_resource_has_its_own_labels_as_they_are_written() -> None:
    assert labels_of(API, "/admin") == ["secret"]
    assert labels_of(API, "lookup") == ["crm"]
    assert labels_of(API, "api.example") == ["crown"]


def test_what_a_resource_is_labelled_by_is_found_for_the_log() -> None:
    names = names_of(LABELS, "/customers/{id}")
    assert names == tuple(name for name in LABELS if "customers/{id}" in name)
    assert names_of(LABELS, "/v1.2/customers") == ('"/v1.2/customers".email',)
    assert names_of(LABELS, "/none") == ()
