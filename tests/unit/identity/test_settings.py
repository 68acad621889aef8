"""Sections `[[oidc]]` and `[scim]`: what no start should find out later."""

from dataclasses import replace

import pytest

from assent.core.faults import OperatorFault
from assent.identity.settings import (
    OidcConfig,
    ScimConfig,
    check_links,
    check_oidc,
    check_scim,
    max_age_s,
    session_s,
)

CORP = OidcConfig("corp", "https://id.example.org", "assent", "env:CORP_SECRET")


def test_a_usual_provider_can_work() -> None:
    check_oidc([CORP, replace(CORP, name="other")], "assent.toml:[[oidc]]")
    assert (session_s(CORP, ""), max_age_s(CORP, "")) == (43_200, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Corp Login"},
        {"issuer": "http://id.example.org"},
        {"issuer": "https://id.example.org?tenant=1"},
        {"issuer": "https://["},
        {"client_id": ""},
        {"client_secret": "in-plain-sight"},
        {"groups": {"a": "b c"}},
        {"groups": {"a": "b"}, "all_groups": True},
        {"roles": {"a": "king"}},
        {"max_age": "long"},
        {"session": "30d"},
        {"session": "0s"},
    ],
    ids=repr,
)
def test_what_cannot_work_is_said_with_its_place(wrong: dict[str, object]) -> None:
    with pytest.raises(OperatorFault, match=r"assent.toml:\[\[oidc\]\]") as told:
        check_oidc([replace(CORP, **wrong)], "assent.toml:[[oidc]]")  # type: ignore[arg-type]
    assert "in-plain-sight" not in str(told.value)


def test_two_providers_of_one_name_cannot_be() -> None:
    with pytest.raises(OperatorFault, match="twice"):
        check_oidc([CORP, CORP], "[[oidc]]")
    with pytest.raises(OperatorFault, match="more than 10"):
        check_oidc([CORP] * 11, "[[oidc]]")


def test_links_lead_to_a_provider_and_to_one_person() -> None:
    check_links([("ana", "corp:1"), ("ben", "")], [CORP], "[[people]]")
    for links in ([("ana", "gone:1")], [("ana", "corp")], [("ana", "corp:1"), ("ben", "corp:1")]):
        with pytest.raises(OperatorFault):
            check_links(links, [CORP], "[[people]]")


def test_scim_names_a_provider_that_is_there_and_roles_that_are() -> None:
    check_scim(ScimConfig(True, {"DBAs": "dba"}, {"x": "auditor"}, "corp"), [CORP], "[scim]")
    for wrong in (
        ScimConfig(sign_in_with="gone"),
        ScimConfig(roles={"x": "king"}),
        ScimConfig(groups={"x": "a b"}),
    ):
        with pytest.raises(OperatorFault):
            check_scim(wrong, [CORP], "[scim]")
