"""The configuration file: topics and subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

FIELDS = {
    "name", "topic", "function", "endpoint", "event_types", "event_types_except", "event_types_begin_with",
    "subject_begins_with", "subject_ends_with", "max_attempts", "ttl_minutes", "max_events_per_batch", "schema",
    "dead_letter",
}  # fmt: skip

# "Maximum number of attempts: an integer between 1 and 30 (30). Event time to live: between 1 and 1440
# minutes (1440)" and "max events per batch: between 1 and 5,000": delivery-and-retry.md
RANGES = {"max_attempts": (30, 1, 30), "ttl_minutes": (1440, 1, 1440), "max_events_per_batch": (1, 1, 5000)}
SCHEMAS = ("cloudevents", "eventgrid")


class BadConfig(ValueError):
    """A configuration that cannot be used; the text names the entry and the field."""


@dataclass(frozen=True)
class Topic:
    name: str
    kind: str  # "system" (only the service itself publishes) or "custom"
    key: str | None = None


@dataclass(frozen=True)
class Subscription:
    name: str
    topic: str
    endpoint: str
    function: str | None = None
    event_types: frozenset[str] | None = None  # None means all
    event_types_except: frozenset[str] = frozenset()
    event_types_begin_with: frozenset[str] = frozenset()  # any of them; none means all
    subject_begins_with: str = ""
    subject_ends_with: str = ""
    max_attempts: int = 30
    ttl_minutes: int = 1440
    max_events_per_batch: int = 1
    schema: str = "cloudevents"
    dead_letter: bool = True

    def wants(self, event: dict[str, Any]) -> bool:
        """Whether the filters let this event through. Event types and subjects are compared as Event Grid
        does by default, without regard to case (event-filtering.md).
        """
        kind, subject = event["type"].lower(), (event.get("subject") or "").lower()
        if self.event_types is not None and kind not in self._lower["event_types"]:
            return False
        if kind in self._lower["event_types_except"]:
            return False
        prefixes = tuple(self._lower["event_types_begin_with"])
        if prefixes and not kind.startswith(prefixes):
            return False
        begins, ends = self.subject_begins_with.lower(), self.subject_ends_with.lower()
        return subject.startswith(begins) and subject.endswith(ends)

    @cached_property
    def _lower(self) -> dict[str, frozenset[str]]:
        names = {
            "event_types": self.event_types or (),
            "event_types_except": self.event_types_except,
            "event_types_begin_with": self.event_types_begin_with,
        }
        return {field: frozenset(name.lower() for name in given) for field, given in names.items()}

    def describe(self) -> dict[str, Any]:
        """The subscription as JSON, as it may be PUT again."""
        types = None if self.event_types is None else sorted(self.event_types)
        return {
            "name": self.name,
            "topic": self.topic,
            "function": self.function,
            "endpoint": self.endpoint,
            "event_types": types,
            "event_types_except": sorted(self.event_types_except),
            "event_types_begin_with": sorted(self.event_types_begin_with),
            "subject_begins_with": self.subject_begins_with,
            "subject_ends_with": self.subject_ends_with,
            "max_attempts": self.max_attempts,
            "ttl_minutes": self.ttl_minutes,
            "max_events_per_batch": self.max_events_per_batch,
            "schema": self.schema,
            "dead_letter": self.dead_letter,
        }


def read_topics(config: dict[str, Any]) -> dict[str, Topic]:
    """The topics by name. Raises BadConfig."""
    topics: dict[str, Topic] = {}
    for index, entry in enumerate(_list(config, "topics")):
        topic = _topic(entry, f"topics[{index}]")
        if topic.name in topics:
            raise BadConfig(f"topic {topic.name!r} is there twice")
        topics[topic.name] = topic
    return topics


def read_subscriptions(
    config: dict[str, Any], topics: dict[str, Topic], functions_url: str | None
) -> dict[str, Subscription]:
    """The subscriptions by name. Raises BadConfig."""
    found: dict[str, Subscription] = {}
    for index, entry in enumerate(_list(config, "subscriptions")):
        subscription = read_subscription(entry, topics, functions_url, where=f"subscriptions[{index}]")
        if subscription.name in found:
            raise BadConfig(f"subscription {subscription.name!r} is there twice: give one another 'name'")
        found[subscription.name] = subscription
    return found


def read_subscription(
    entry: Any, topics: dict[str, Topic], functions_url: str | None, *, where: str = "subscription"
) -> Subscription:
    """One subscription. Raises BadConfig naming it and the field."""
    if not isinstance(entry, dict):
        raise BadConfig(f"{where}: a subscription is an object, not {type(entry).__name__}")
    name = entry.get("name") or entry.get("function")
    if not isinstance(name, str):
        raise BadConfig(f"{where}: needs a 'function', or an 'endpoint' and a 'name'")
    here = f"subscription {name!r}"
    if unknown := sorted(set(entry) - FIELDS):
        raise BadConfig(f"{here}: unknown field {unknown[0]!r}; known are {', '.join(sorted(FIELDS))}")
    topic = topics.get(_text(entry, "topic", here))
    if topic is None:
        raise BadConfig(f"{here}: 'topic' {entry.get('topic')!r} is not one of {', '.join(topics) or 'none'}")
    types = _types(entry, "event_types", here)
    if types is not None and entry.get("event_types_except"):
        raise BadConfig(f"{here}: give 'event_types' or 'event_types_except', not both")
    return Subscription(
        name=name,
        topic=topic.name,
        endpoint=_endpoint(entry, functions_url, here),
        function=_text(entry, "function", here) or None,
        event_types=types,
        event_types_except=_types(entry, "event_types_except", here) or frozenset(),
        event_types_begin_with=_types(entry, "event_types_begin_with", here) or frozenset(),
        subject_begins_with=_text(entry, "subject_begins_with", here),
        subject_ends_with=_text(entry, "subject_ends_with", here),
        max_attempts=_number(entry, "max_attempts", here),
        ttl_minutes=_number(entry, "ttl_minutes", here),
        max_events_per_batch=_number(entry, "max_events_per_batch", here),
        schema=_schema(entry, topic, here),
        dead_letter=_flag(entry, "dead_letter", here),
    )


def _topic(entry: Any, where: str) -> Topic:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise BadConfig(f"{where}: a topic is an object with a 'name'")
    here, kind, key = f"topic {entry['name']!r}", entry.get("kind"), entry.get("key")
    if kind not in ("system", "custom"):
        raise BadConfig(f"{here}: 'kind' is system or custom, not {kind!r}")
    if kind == "custom" and not (isinstance(key, str) and key):
        raise BadConfig(f"{here}: a custom topic needs a 'key'")
    return Topic(entry["name"], kind, key)


def _list(config: dict[str, Any], field: str) -> list[Any]:
    value = config.get(field, [])
    if not isinstance(value, list):
        raise BadConfig(f"'{field}' is a list, not {type(value).__name__}")
    return value


def _text(entry: dict[str, Any], field: str, here: str) -> str:
    value = entry.get(field)
    if value is not None and not isinstance(value, str):
        raise BadConfig(f"{here}: '{field}' is a text, not {type(value).__name__}")
    return value or ""


def _types(entry: dict[str, Any], field: str, here: str) -> frozenset[str] | None:
    value = entry.get(field)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise BadConfig(f"{here}: '{field}' is a list of event types")
    return frozenset(value)


def _number(entry: dict[str, Any], field: str, here: str) -> int:
    default, low, high = RANGES[field]
    value = entry.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadConfig(f"{here}: '{field}' is a whole number from {low} to {high}, not {value!r}")
    return value


def _flag(entry: dict[str, Any], field: str, here: str) -> bool:
    value = entry.get(field, True)
    if not isinstance(value, bool):
        raise BadConfig(f"{here}: '{field}' is true or false, not {value!r}")
    return value


def _schema(entry: dict[str, Any], topic: Topic, here: str) -> str:
    schema = entry.get("schema", "cloudevents")
    if schema not in SCHEMAS:
        raise BadConfig(f"{here}: 'schema' is one of {', '.join(SCHEMAS)}, not {schema!r}")
    if schema == "eventgrid" and topic.kind == "custom":
        # A topic that takes CloudEvents delivers only CloudEvents: event-schema-compatibility.md
        raise BadConfig(f"{here}: 'schema' eventgrid is not possible: topic {topic.name!r} takes CloudEvents")
    return str(schema)


def _endpoint(entry: dict[str, Any], functions_url: str | None, here: str) -> str:
    endpoint, function = _text(entry, "endpoint", here), _text(entry, "function", here)
    if endpoint:
        if urlsplit(endpoint).scheme not in ("http", "https"):
            raise BadConfig(f"{here}: 'endpoint' is an http or https URL, not {endpoint!r}")
        return endpoint
    if not function:
        raise BadConfig(f"{here}: needs a 'function' or an 'endpoint'")
    if not functions_url:
        raise BadConfig(f"{here}: 'function' needs the configuration's 'functions', the webhook's URL")
    join = "&" if "?" in functions_url else "?"
    return f"{functions_url}{join}functionName={quote(function)}"
