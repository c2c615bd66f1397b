"""ingest_logs: store log events, once each."""

import asyncio
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from tools.answers import fitting
from tools.errors import BadArguments
from tools.intake import Arrival, NewEvent, prepare, read_batch
from tools.ports import Deps, ReadyEvent
from tools.records import Receipt, Rejected, Strict, from_json_text
from tools.tool import Tool

MAX_EVENTS = 5_000


class IngestLogs(Strict):
    """A batch of events."""

    events: Annotated[
        list[Any],
        BeforeValidator(from_json_text),
        Field(max_length=MAX_EVENTS, description="A batch."),
        WithJsonSchema({"type": "array", "items": NewEvent.model_json_schema()}),
    ]
    dry_run: bool = Field(False, description="Check only.")


async def ingest_logs(asked: IngestLogs, deps: Deps) -> Receipt:
    """Commit what is new and say, by index, what was not taken and why.

    Raises:
        BadArguments: when not one event of a non-empty batch is readable. One that is readable
            but outside what the retention keeps is refused by its index alone.
        StoreUnavailable: nothing of the batch counts as stored.
    """
    ready, rejected = await prepare_events(asked.events, deps)
    if not ready and all_bad(rejected):
        raise BadArguments([_problem(entry.model_dump()) for entry in rejected])
    if asked.dry_run:
        return receipt(len(ready), 0, rejected, deps, dry_run=True)
    new = await deps.store.add_events(ready) if ready else 0
    return receipt(new, len(ready) - new, rejected, deps)


def all_bad(rejected: list[Rejected]) -> bool:
    """Whether there are refusals, and each is a mistake of the sender."""
    return bool(rejected) and all(entry.code is None for entry in rejected)


def receipt(
    new: int, old: int, rejected: list[Rejected], deps: Deps, dry_run: bool = False
) -> Receipt:
    """What became of a batch, with as many of the refusals as the caller's page holds."""

    def built(count: int) -> Receipt:
        return Receipt(
            accepted=new,
            duplicates=old,
            rejected=rejected[:count],
            more_rejected=len(rejected) - count,
            dry_run=dry_run,
        )

    return fitting(built, len(rejected), receipt_lines, deps.caller)


def _refusal(bad: Rejected) -> str:
    return f"#{bad.index} {bad.field}: {bad.rule}"


async def prepare_events(raw: list[Any], deps: Deps) -> tuple[list[ReadyEvent], list[Rejected]]:
    """The events of a batch fit for the store, and what was refused, by index."""
    arrival = Arrival(deps.now(), deps.zone, deps.caller.host, await deps.store.window())
    return await asyncio.to_thread(_prepare, raw, arrival)


def _prepare(raw: list[Any], arrival: Arrival) -> tuple[list[ReadyEvent], list[Rejected]]:
    read, unreadable = read_batch(raw)
    ready, untimely = prepare(read, arrival)
    return ready, sorted([*unreadable, *untimely], key=lambda entry: entry.index)


def _problem(entry: dict[str, Any]) -> dict[str, Any]:
    index = entry.pop("index")
    return {**entry, "index": index, "field": f"events.{index}.{entry['field']}"}


def receipt_lines(receipt: Receipt) -> list[str]:
    """The receipt as text: one line, and one for each record that was refused."""
    mode = " (dry run, nothing stored)" if receipt.dry_run else ""
    refused = len(receipt.rejected) + receipt.more_rejected
    first = (
        f"accepted {receipt.accepted}, duplicates {receipt.duplicates}, rejected {refused}{mode}"
    )
    more = [f"and {receipt.more_rejected} more refused"] if receipt.more_rejected else []
    return [first, *map(_refusal, receipt.rejected), *more]


INGEST_LOGS = Tool(
    name="ingest_logs",
    title="Store log events",
    purpose="Store log events, each once. Says which were refused.",
    takes=IngestLogs,
    gives=Receipt,
    run=ingest_logs,
    lines=receipt_lines,
    writes=True,
)
