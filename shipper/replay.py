"""Sending dead letters again, after the server or the letters' reason has changed."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import orjson

from shipper.batches import Batcher, Item, Limits
from shipper.deadletters import DeadLetters
from shipper.send import Sender

log = logging.getLogger(__name__)


async def replay_dead(dead: DeadLetters, sender: Sender, limits: Limits) -> int:
    """Send all dead letters again; how many. What is refused again is a dead letter again.

    Cut short, it goes on where needed at the next call: the server drops what it has already.
    """
    count = 0
    while (aside := await asyncio.to_thread(dead.set_aside)) is not None:
        before = sender.dead
        count += await _replay(aside, sender, limits)
        await asyncio.to_thread(aside.unlink)
        if sender.dead > before:
            break  # what is left now was refused a moment ago
    return count


async def _replay(file: Path, sender: Sender, limits: Limits) -> int:
    batcher = Batcher(limits)
    count = 0
    for item in await asyncio.to_thread(lambda: list(letters(file))):
        batcher.add(item, 0.0)
        count += 1
        if batcher.full():
            await sender.send(batcher.take(0.0))
    while batcher:
        await sender.send(batcher.take(0.0))
    return count


def letters(file: Path) -> Iterator[Item]:
    """The events of a dead-letter file, each once. A torn line is kept in a file beside it."""
    seen: set[str] = set()
    for line in file.read_bytes().splitlines():
        try:
            letter = orjson.loads(line)
            cursor, event = letter["cursor"], letter["event"]
        except (ValueError, KeyError, TypeError):
            log.error("a dead letter is not readable, kept in dead.unreadable: %r", line[:80])
            with file.with_name("dead.unreadable").open("ab") as unreadable:
                unreadable.write(line + b"\n")
            continue
        if cursor not in seen:
            seen.add(cursor)
            yield Item(cursor, 0, orjson.dumps(event))
