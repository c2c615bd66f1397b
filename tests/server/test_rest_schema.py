"""The OpenAPI document is true: requests made from it, thousands of them, never break its word.

schemathesis (https://schemathesis.readthedocs.io) makes valid and invalid requests of each
operation; the server behind them is the real one, on a real store.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as rules
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Known = Callable[[], list[dict[str, Any]]]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
EACH = {GenerationMode.POSITIVE: 90, GenerationMode.NEGATIVE: 80}
SLOW = {"/ask": 8}
"""Each question has a model think."""


@schemathesis.serializer("application/x-protobuf", "application/x-ndjson")
def _bytes(context: Any, value: Any) -> bytes:
    """These bodies are made as bytes or text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


async def test_no_request_breaks_the_document(client: Any, known_events: Known) -> None:
    """Two thousand requests: no failure of the server, no answer that is not in the document."""
    await client.post("/ingest/logs", json=known_events())
    made, broken = await asyncio.to_thread(_try_all, str(client.base_url))
    assert not broken, "\n\n".join(broken)
    assert sum(made.values()) >= 2000, made
    assert (await client.get("/health")).json()["status"] == "ok"


def _try_all(base: str) -> tuple[Counter[str], list[str]]:
    """How many requests were made of each operation, and what broke the document."""
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    made: Counter[str] = Counter()
    broken = []
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            takes = operation.body or any(True for _ in operation.iter_parameters())
            for mode, most in EACH.items() if takes else [(GenerationMode.POSITIVE, 10)]:
                try:
                    _try(operation, mode, SLOW.get(operation.path, most), session, made)
                except Exception as error:
                    told = "\n".join(traceback.format_exception(error)[-20:])
                    broken.append(f"{operation.label}, {mode.value}: {told[-3000:]}")
    return made, broken


def _try(
    operation: Any, mode: GenerationMode, most: int, session: requests.Session, made: Counter[str]
) -> None:
    @rules(
        max_examples=most,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        made[operation.label] += 1
        case.validate_response(case.call(session=session, timeout=60), checks=CHECKS)

    one()
