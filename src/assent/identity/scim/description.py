"""What this SCIM service is: its resources, its limits, and what it forgives."""

from typing import Annotated, Any, TypeAlias

import email_validator
from pydantic import Field
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    External,
    Filter,
    Group,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_models import Manager as EnterpriseManager
from scim2_models.urn import URN

# Names such as `corp.local` are what many directories have within their walls.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

MOST_RESULTS = 200
LONGEST_FILTER = 1_000

SomeResource: TypeAlias = Resource[Any]


class Manager(EnterpriseManager):
    """Somebody's manager. Providers send its `value` only, and the rest follows from it."""

    ref: Annotated[
        Reference[User[Any]] | None,
        Required.false,
    ] = Field(None, serialization_alias="$ref", validation_alias="$ref")


class Enterprise(EnterpriseUser):
    """What enterprises say beside the usual of a person (RFC 7643, section 4.3)."""

    __schema__ = URN("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")

    manager: Manager | None = None


Person: TypeAlias = User[Enterprise]

_BEARER = AuthenticationScheme(
    type=AuthenticationScheme.Type.oauthbearertoken,
    name="bearer token",
    description="a token of `assent scim token`",
    spec_uri=Reference[External]("https://www.rfc-editor.org/rfc/rfc6750"),
    primary=True,
)


def scim_provider() -> ScimProvider:
    """Return the description.

    Entra ID sends attributes that no schema knows, `remove` with a value, and paths whose filter
    matches nothing; each has one meaning only, so it is taken.
    """
    return ScimProvider(
        models=[User, Enterprise, Group],
        resource_types=[
            ResourceType.from_resource(User[Enterprise]),
            ResourceType.from_resource(Group),
        ],
        config=ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=True),
            etag=ETag(supported=True),
            authentication_schemes=[_BEARER],
        ),
        policy=ScimPolicy(
            unknown=ScimPolicy.Unknown.ignore,
            remove_value_as_filter=ScimPolicy.RemoveValue.apply,
            unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
        ),
    )
