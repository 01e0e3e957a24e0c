"""Events that this app publishes for other applications, on the custom topic of the call events.

Each type is a class here, whose fields are the event's data. Other applications subscribe to the topic and filter by
type; this app's own subscriptions leave these types out (``infra/local.json``). They hold no collected digits and,
unless the setting ``CALL_EVENTS`` allows it, no phone numbers and no names of people: the API has those, for those who
may see the call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, json

from shared.calls.event import OWN_PREFIX

VISIT = "lookup.1"


class PublishedEvent(Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of the data of all events."""

    call_id: Annotated[str, Meta(description="the id of the call, as in the API")]

    @classmethod
    def event_type(cls) -> str:
        return f"{OWN_PREFIX}{cls.__name__}"

    @property
    def subject(self) -> str:
        """What subscriptions can filter by, besides the type."""
        return ""


Moment = Annotated[datetime, Meta(extra_json_schema={"format": "date-time"})]


class CallEvent(PublishedEvent, frozen=True, kw_only=True):
    """The base of the events about what has happened to a call."""

    sequence: Annotated[
        int, Meta(description="counts the events of the call from 1, as the app records them, without gaps", ge=1)
    ]
    direction: Annotated[
        Literal["inbound", "outbound"], Meta(description="`outbound`: the app or an agent has placed the call")
    ]
    called_at: Annotated[Moment | None, Meta(description="when the call began to ring or was placed")]
    account: Annotated[
        str | None, Meta(description="the Entra object id of the resource account that was called, or that calls")
    ]
    tenant: Annotated[str | None, Meta(description="its Entra tenant; null if the app does not know it")]
    caller: Annotated[
        str | None, Meta(description="the other party's phone number in E.164; null unless `CALL_EVENTS` allows it")
    ]
    caller_name: Annotated[str | None, Meta(description="the display name that came with the call; likewise")]


class CallConnected(CallEvent, frozen=True, kw_only=True):
    """A call is connected: the app has answered it, or an outbound call is picked up."""

    connected_at: Annotated[Moment | None, Meta(description="when")]


class CallEnded(CallEvent, frozen=True, kw_only=True):
    """A call that was answered is over."""

    connected_at: Annotated[Moment | None, Meta(description="when it was connected; null if that was never reported")]
    ended_at: Annotated[Moment | None, Meta(description="when it ended; null if the app found it ended")]


class CallNotConnected(CallEvent, frozen=True, kw_only=True):
    """A call was not answered, or an outbound call was not picked up. Rarely a CallConnected with a higher `sequence`
    follows: the platform has reported late that the call was answered.
    """

    state: Annotated[
        Literal["missed", "refused", "rejected", "failed"],
        Meta(description="the state of the call, as in the API ([calls.md](calls.md))"),
    ]


class StepReached(CallEvent, frozen=True, kw_only=True):
    """A call has come to a step of its plan. The subject is the visit, so that a subscription can select a step."""

    visit: Annotated[str, Meta(description="the step and the number of this stay at it", examples=[VISIT])]
    before: Annotated[str | None, Meta(description="the visit before; null at the start of the plan")]
    plan_id: Annotated[
        str,
        Meta(description="the plan that the call began with: a resource account's, or `default`", examples=["default"]),
    ]
    plan_version: Annotated[int, Meta(description="its version")]

    @property
    def subject(self) -> str:
        return self.visit


class OfAgent(CallEvent, frozen=True, kw_only=True):
    """The base of the events about one agent. The subject is the agent."""

    agent: Annotated[str, Meta(description="the Entra object id of the agent")]

    @property
    def subject(self) -> str:
        return self.agent


class AgentRang(OfAgent, frozen=True, kw_only=True):
    """An agent was invited, or the call was transferred to them: their client rings. The subject is the agent."""


class AgentConnected(OfAgent, frozen=True, kw_only=True):
    """An agent is in the call; once for each agent of a call. The subject is the agent."""


class CallArchived(CallEvent, frozen=True, kw_only=True):
    """The files of a recording are in the archive, or are lost: once for each recording, again if more files come."""

    status: Annotated[Literal["archived", "lost"], Meta(description="`lost`: at least one file could not be archived")]
    recording: Annotated[
        str | None, Meta(description="the id of the recording, as in the API; null if no file of it ever came")
    ]
    files: Annotated[int, Meta(description="how many files it has", ge=0)]


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


CALL_EVENTS: tuple[type[CallEvent], ...] = (
    CallConnected,
    CallNotConnected,
    StepReached,
    AgentRang,
    AgentConnected,
    CallEnded,
    CallArchived,
)
EVENTS: tuple[type[PublishedEvent], ...] = (*CALL_EVENTS, DecisionRequested)


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
