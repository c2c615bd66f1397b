"""Answers say when a service's patterns are coarser than usual, and stay of use."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sql.pool import Address
from sql.store import Habits, MariaStore
from tools.catalogue import tool_named
from tools.ports import Deps, Ranked

NAMES = [f"{a}{b}" for a in ("ann", "bob", "cyd", "dan", "eve") for b in "abcdefghijklmnopqrst"]


class AllAlike:
    """An index in which every pattern is equally near."""

    async def rank(self, text: str) -> list[Ranked]:
        """The first hundred ids, the latest first."""
        return [Ranked(number, 1.0, 1.0) for number in range(100, 0, -1)]

    def state(self) -> dict[str, Any]:
        """No model."""
        return {"model": None}


@pytest.mark.parametrize("tool", ["log_patterns", "similar_logs"])
async def test_answers_say_that_a_service_is_guarded(
    deps: Deps, database: Address, tool: str
) -> None:
    """A note names the service and since when; answers about other services have none."""
    store = MariaStore(deps.now, address=database, habits=Habits(max_patterns=20))
    await store.open()
    deps = replace(deps, store=store, index=AllAlike())
    when = [(deps.now() - timedelta(minutes=200 - n)).isoformat() for n in range(len(NAMES))]
    events = [
        {"message": f"mailbox of {name} is full", "service": "mail", "timestamp": at}
        for name, at in zip(NAMES, when, strict=True)
    ]
    quiet = {"message": "all is well", "service": "quiet", "timestamp": when[0]}
    await tool_named("ingest_logs").call({"events": [*events, quiet]}, deps)
    asked = {"text": "mailbox full"} if tool == "similar_logs" else {}
    page = await tool_named(tool).call({"limit": 100, **asked}, deps)
    kinds = {found.pattern: found.count for found in page.patterns if found.service == "mail"}
    assert kinds["mailbox of <*> is full"] == 80
    assert len(kinds) == 21
    [note] = page.notes
    assert note.startswith(
        "mail has too many kinds of messages: what is new since 2026-11-20 12:00"
    )
    assert note in tool_named(tool).lines(page)
    page = await tool_named(tool).call({"service": "quiet", **asked}, deps)
    assert page.patterns and not page.notes
    assert "notes" not in page.model_dump()
    await store.close()
