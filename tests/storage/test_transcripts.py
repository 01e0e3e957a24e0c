"""Transcripts are read from any offset, in whole lines, while they grow."""

from __future__ import annotations

from azure.storage.blob.aio import ContainerClient

from shared.storage import transcripts
from shared.storage.transcripts import Part

LINES = [b'{"n":1}', b'{"n":22}', b'{"n":333}']
NAME = "call.jsonl"


async def _append(container: ContainerClient, data: bytes) -> None:
    blob = container.get_blob_client(NAME)
    if not await blob.exists():
        await blob.create_append_blob()
    await blob.append_block(data)


async def test_a_transcript_is_read_from_where_the_last_part_ended(recordings: ContainerClient) -> None:
    assert await transcripts.read(recordings, NAME, 0) is None
    await _append(recordings, LINES[0] + b"\n" + LINES[1] + b"\n")
    first = await transcripts.read(recordings, NAME, 0)
    assert first == Part(tuple(LINES[:2]), 17, is_last=True)
    assert await transcripts.read(recordings, NAME, 17) == Part((), 17, is_last=True)
    await _append(recordings, LINES[2] + b"\n")
    assert await transcripts.read(recordings, NAME, 17) == Part((LINES[2],), 27, is_last=True)


async def test_an_offset_within_a_line_leads_to_the_next_one(recordings: ContainerClient) -> None:
    await _append(recordings, b"\n".join(LINES) + b"\n")
    found = {offset: await transcripts.read(recordings, NAME, offset) for offset in (1, 7, 8, 9, 26)}
    lines = {offset: part.lines for offset, part in found.items() if part}
    assert lines == {1: tuple(LINES[1:]), 7: tuple(LINES[1:]), 8: tuple(LINES[1:]), 9: (LINES[2],), 26: ()}
    assert [part.next_offset for part in found.values() if part] == [27] * 5


async def test_a_line_that_has_no_end_yet_and_an_offset_beyond_the_end_bring_nothing(
    recordings: ContainerClient,
) -> None:
    await recordings.get_blob_client(NAME).create_append_blob()
    assert await transcripts.read(recordings, NAME, 0) == Part((), 0, is_last=True)
    await _append(recordings, LINES[0] + b"\n" + LINES[1][:3])
    assert await transcripts.read(recordings, NAME, 0) == Part((LINES[0],), 8, is_last=True)
    for offset in (8, 9, 12, 1_000):
        assert await transcripts.read(recordings, NAME, offset) == Part((), offset, is_last=True)


async def test_a_long_transcript_comes_in_parts(recordings: ContainerClient) -> None:
    line = b"x" * 999 + b"\n"
    for _ in range(5):
        await _append(recordings, line * 500)
    offset, lines, parts = 0, 0, 0
    while True:
        part = await transcripts.read(recordings, NAME, offset)
        assert part is not None
        offset, lines, parts = part.next_offset, lines + len(part.lines), parts + 1
        if part.is_last:
            break
    assert (offset, lines, parts) == (2_500_000, 2_500, 3)
