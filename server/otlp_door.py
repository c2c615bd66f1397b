"""The OTLP door: POST /v1/logs and /v1/metrics, as collectors and SDKs send (OTLP/HTTP).

https://opentelemetry.io/docs/specs/otlp/ ; an answer comes in the encoding of its request. What was
refused for good is counted in `partial_success`; 429, 503 and 504 ask for the same once more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from server.app import Home
from server.meters import Meters
from server.otlp_bodies import PROTOBUF, encoding_of, read_request, written
from server.otlp_logs import events
from server.otlp_metrics import points
from server.otlp_schema import LOGS, METRICS, Described
from server.rest_docs import post
from server.rest_door import caller_of
from tools.errors import BadArguments
from tools.ingest_logs import INGEST_LOGS, MAX_EVENTS
from tools.ingest_metrics import INGEST_METRICS
from tools.ports import Deps
from tools.records import Receipt, Rejected
from tools.tool import AnyTool

_TOLD = 5
"""Refusals that a message names; the rest are counted."""

Answer = Callable[[Any, Deps], Awaitable[Any]]


def add_otlp(app: FastAPI, home: Home, meters: Meters) -> None:
    """Serve both signals that there is a place for."""

    async def logs(sent: Any, deps: Deps) -> Any:
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service

        records = await asyncio.to_thread(lambda: list(events(sent)))
        receipts = await _ingested(INGEST_LOGS, "events", records, deps)
        for receipt in receipts:
            meters.ingested("otlp", "events", receipt)
        refused = _refused(receipts)
        answer = service.ExportLogsServiceResponse()
        if refused:
            answer.partial_success.rejected_log_records = len(refused)
            answer.partial_success.error_message = _words(refused)
        return answer

    async def metrics(sent: Any, deps: Deps) -> Any:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

        found = await asyncio.to_thread(points, sent)
        receipts = await _ingested(INGEST_METRICS, "points", found.points, deps)
        for receipt in receipts:
            meters.ingested("otlp", "points", receipt)
        refused = {found.owners[entry.index]: entry for entry in _refused(receipts)}
        missing = [
            f"{count} {what} are not kept" for what, count in found.not_kept.items() if count
        ]
        answer = service.ExportMetricsServiceResponse()
        if refused or missing:
            told = [_words([e.model_copy(update={"index": i}) for i, e in refused.items()])]
            answer.partial_success.rejected_data_points = len(refused)
            answer.partial_success.error_message = "; ".join([*filter(None, told), *missing])
        return answer

    _add(app, home, LOGS, logs)
    _add(app, home, METRICS, metrics)


def _add(app: FastAPI, home: Home, described: Described, answer: Answer) -> None:
    async def handler(request: Request) -> Response:
        media = request.headers.get("content-type", "")
        packing = request.headers.get("content-encoding", "").strip().lower()
        body, kind = await request.body(), described.request()
        sent = await asyncio.to_thread(read_request, kind, body, media, packing)
        said = await answer(sent, await home.deps(caller_of(request)))
        encoding = encoding_of(media) or PROTOBUF
        return Response(written(said, encoding), media_type=encoding)

    post(
        app,
        described.path,
        handler,
        described.content(),
        name=described.name,
        summary=described.summary,
        description=described.description,
        responses=described.responses(400, 415, 504),
        response_class=Response,
    )


async def _ingested(
    tool: AnyTool, key: str, records: Sequence[dict[str, Any]], deps: Deps
) -> list[Receipt]:
    """The receipts of all records, in batches that the tool takes; indices are of the whole.

    Sent again after a failure between batches, what was stored is recognised: the cuts are at the
    same places.
    """
    receipts = []
    for start in range(0, len(records), MAX_EVENTS):
        batch = records[start : start + MAX_EVENTS]
        receipt = await _receipt(tool, key, batch, deps)
        for entry in receipt.rejected:
            entry.index += start
        receipts.append(receipt)
    return receipts


async def _receipt(tool: AnyTool, key: str, batch: Sequence[Any], deps: Deps) -> Receipt:
    try:
        receipt: Receipt = await tool.call({key: list(batch)}, deps)
    except BadArguments as error:  # not one of the batch is well; others of the request may be
        refused = [_without_place(entry) for entry in error.problems]
        return Receipt(accepted=0, duplicates=0, rejected=refused)
    return receipt


def _without_place(problem: dict[str, Any]) -> Rejected:
    """A refusal as a receipt has it: its field without the place of the record."""
    name = problem["field"].split(".", 2)[-1]
    return Rejected(**{**problem, "field": name})


def _refused(receipts: list[Receipt]) -> list[Rejected]:
    return [entry for receipt in receipts for entry in receipt.rejected]


def _words(refused: Sequence[Rejected]) -> str:
    told = [_reason(entry) for entry in refused[:_TOLD]]
    more = len(refused) - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)


def _reason(entry: Rejected) -> str:
    given = f", not {entry.value}" if entry.value is not None else ""
    return f"#{entry.index} {entry.field}: {entry.rule}{given}"
