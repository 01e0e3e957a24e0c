"""Keys of the rows of calls. All of them follow from the call's id, such as ``20261121-08164f…3``.

The id holds the day, the second of the day (five hexadecimal digits) and a digest; its last digit is the shard. The
partition is shard and day, so that the writes of a day spread over sixteen ranges of the table. The row key begins with
the second, counted down, so that a partition is read newest first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

SHARDS = "0123456789abcdef"
LAST_DAY = 99_999_999
_LAST = 0xFFFFF  # of five hexadecimal digits; a day has 86,400 seconds


def call_id_of(digest: str, at: datetime) -> str:
    """The id of a call that began at ``at``, with 27 characters of a hexadecimal digest."""
    second = at.hour * 3600 + at.minute * 60 + at.second
    return f"{at:%Y%m%d}-{second:05x}{digest[:27]}"


def began_at(call_id: str) -> datetime:
    """When a call began, to the second."""
    day = datetime.strptime(call_id[:8], "%Y%m%d").replace(tzinfo=UTC)
    return day + timedelta(seconds=int(call_id[9:14], 16))


def keys_of(call_id: str) -> tuple[str, str]:
    """Partition and row key: ``20261121-08164f…3`` → ``3-20261121``, ``f7e9b-20261121-08164f…3``."""
    return f"{call_id[-1]}-{call_id[:8]}", f"{_LAST - int(call_id[9:14], 16):05x}-{call_id}"


def key_before(moment: datetime) -> str:
    """Above the row keys of the day's calls that began in this second or later, and below those of earlier ones."""
    return f"{_LAST - (moment.hour * 3600 + moment.minute * 60 + moment.second):05x}."


def entity_keys(call_id: str) -> dict[str, str]:
    """The keys as properties of an entity."""
    partition, row_key = keys_of(call_id)
    return {"PartitionKey": partition, "RowKey": row_key}


def newest_first_key(call_id: str) -> str:
    """The row key in a partition with calls of many days: the day, counted down, before the key of ``keys_of``."""
    return f"{LAST_DAY - int(call_id[:8])}-{keys_of(call_id)[1]}"


def id_of(row_key: str) -> str:
    """The call's id from its row key."""
    return row_key.partition("-")[2]


def partitions_of(day: date) -> list[str]:
    """The partitions of a day."""
    return [f"{shard}-{day:%Y%m%d}" for shard in SHARDS]


def partition_ranges(now: datetime, days: int) -> list[tuple[str, str]]:
    """The partitions of the last ``days`` days, and of tomorrow for clocks that are ahead: a range for each shard, from
    its first partition to the one after its last.
    """
    first, last = (f"{now + timedelta(days=offset):%Y%m%d}" for offset in (-days, 2))
    return [(f"{shard}-{first}", f"{shard}-{last}") for shard in SHARDS]
