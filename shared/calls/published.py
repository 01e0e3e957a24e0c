"""Events that this app publishes for other applications, on the custom topic of the call events.

Each type is a class here, whose fields are the event's data. Other applications subscribe to the topic and filter by
type; this app's own subscription excludes these types (``infra/local.json``). They hold no phone numbers, no names of
people and no collected digits: the API has those, for those who may see the call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, json

PREFIX = "TeamsPhone."  # of every event type of this app
VISIT = "lookup.1"


class PublishedEvent(Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of the data of all events."""

    call_id: Annotated[str, Meta(description="the id of the call, as in the API")]

    @classmethod
    def event_type(cls) -> str:
        return f"{PREFIX}{cls.__name__}"

    @property
    def subject(self) -> str:
        """What subscriptions can filter by, besides the type."""
        return ""


class DecisionRequested(PublishedEvent, frozen=True, kw_only=True):
    """A call stands at a `decide` step of its plan, and goes on by one of `choices`: the one that is sent to
    `POST /calls/{callId}/steps/{visit}` before `deadline`. Without one it goes on by the step's `otherwise`.

    The subject is the visit, so that a subscription can select a step: `subjectBeginsWith` is `lookup.`.
    """

    visit: Annotated[str, Meta(description="the step and the number of this stay at it", examples=[VISIT])]
    choices: Annotated[tuple[str, ...], Meta(description="the steps to choose from", examples=[["sales", "vip"]])]
    deadline: Annotated[
        datetime,
        Meta(description="when the call goes on without a decision, in UTC", extra_json_schema={"format": "date-time"}),
    ]
    account: Annotated[str | None, Meta(description="the Entra object id of the resource account that was called")]
    tenant: Annotated[str | None, Meta(description="its Entra tenant; null if the app does not know it")]
    plan_id: Annotated[
        str,
        Meta(description="the plan that the call began with: a resource account's, or `default`", examples=["default"]),
    ]
    plan_version: Annotated[int, Meta(description="its version")]
    visits: Annotated[
        tuple[str, ...], Meta(description="the visits so far, oldest first", examples=[["greet.1", "account.1", VISIT]])
    ]

    @property
    def subject(self) -> str:
        return self.visit


EVENTS: tuple[type[PublishedEvent], ...] = (DecisionRequested,)


def cloud_event(data: PublishedEvent, id: str, at: str) -> dict[str, Any]:
    """The CloudEvent, with its time in RFC 3339. An event that is published again has the same ``id``."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": f"/calls/{data.call_id}",
        "type": data.event_type(),
        "subject": data.subject,
        "time": at,
        "datacontenttype": "application/json",
        "data": json.decode(json.encode(data)),  # lists: the SDK writes a tuple as text
    }
