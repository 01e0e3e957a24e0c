"""Raw ids as the identifiers of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    MicrosoftTeamsAppIdentifier,
    MicrosoftTeamsUserIdentifier,
    PhoneNumberIdentifier,
    TeamsExtensionUserIdentifier,
    UnknownIdentifier,
)

from shared.calls.identities import Kind, kind_of

if TYPE_CHECKING:
    from azure.communication.callautomation import CommunicationIdentifier


def identifier(raw_id: str) -> CommunicationIdentifier:
    match kind_of(raw_id):
        case Kind.PHONE_NUMBER:
            return PhoneNumberIdentifier(raw_id.removeprefix("4:"), raw_id=raw_id)
        case Kind.AGENT:
            resource, tenant, user = raw_id.removeprefix("8:acs:").split("_")
            return TeamsExtensionUserIdentifier(user_id=user, tenant_id=tenant, resource_id=resource, raw_id=raw_id)
        case Kind.TEAMS_USER:
            return MicrosoftTeamsUserIdentifier(raw_id.removeprefix("8:orgid:"), raw_id=raw_id)
        case Kind.RESOURCE_ACCOUNT:
            return MicrosoftTeamsAppIdentifier(raw_id.removeprefix("28:orgid:"), raw_id=raw_id)
        case Kind.ACS_USER:
            return CommunicationUserIdentifier(raw_id, raw_id=raw_id)
    return UnknownIdentifier(raw_id)
