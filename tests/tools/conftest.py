"""What tools need from outside: the real store, a fixed clock, and an index that never loads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sql.store import MariaStore
from tools.errors import EmbedderUnavailable
from tools.ports import Caller, Deps, Ranked

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class NoIndex:
    """An index on a machine without a model."""

    async def rank(self, text: str) -> list[Ranked]:
        """Nothing can be ranked."""
        raise EmbedderUnavailable(f"no model is here to rank {text!r}")

    def state(self) -> dict[str, Any]:
        """No model, no patterns."""
        return {"model": None, "indexed": 0, "pending": 0}


@pytest.fixture
def deps_for(database: object) -> Callable[[Caller], Deps]:
    """Makes what a tool gets from a door, on a store that is not opened unless it is used."""
    from sql.pool import Address

    assert isinstance(database, Address)
    store = MariaStore(lambda: NOW, address=database)
    return lambda caller: Deps(store, NoIndex(), lambda: NOW, UTC, caller=caller)


@pytest.fixture
def deps(store: MariaStore) -> Deps:
    """What a tool gets from the REST door, on an empty database."""
    return Deps(store, NoIndex(), lambda: NOW, UTC, caller=Caller(host="sender", rest=True))


@pytest.fixture
def raw_events() -> Callable[[int], list[dict[str, Any]]]:
    """Makes events as a sender writes them: one every ten seconds up to NOW, three kinds."""

    def make(count: int) -> list[dict[str, Any]]:
        kinds = (
            ("nginx.service", "GET /orders/{} 200", "INFO"),
            ("billing", "payment {} failed: card declined", "ERROR"),
            ("sshd", "Connection closed by 10.0.0.9 port {}", "WARN"),
        )
        events = []
        for number in range(count):
            service, message, level = kinds[number % 3]
            moment = NOW - timedelta(seconds=10 * (count - number))
            events.append(
                {
                    "timestamp": moment.isoformat(),
                    "service": service,
                    "host": ("alpha", "beta")[number % 2],
                    "level": level,
                    "message": message.format(number),
                }
            )
        return events

    return make
