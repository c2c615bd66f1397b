"""`devmesh doctor`: what works on this machine and what does not, why, and how to mend it.

Nothing is changed by looking: no database is started or made, no schema brought up to date.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from server import checks_database, checks_machine
from server.app import utc_now
from server.checks import CHECKS, Finding, Patient, day_text, free_bytes, names
from server.checks_models import embedder, model
from server.checks_server import server
from server.checks_shipping import shipping
from server.command import error_words
from server.embedder import SentenceEmbedder
from server.settings import ServerSettings, origins, unknown_names
from server.show import Screen
from shipper.settings import ShipperSettings
from sql.condition import Condition
from sql.look import look
from tools.errors import DevMeshError, StoreUnavailable
from tools.plain import one_line

_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}
_DAYS = 14
_SECONDS = 75.0
"""What any one part may take; those that may hang have shorter limits of their own."""


async def examine(settings: ServerSettings, as_json: bool) -> bool:
    """Print what the checks find; whether none failed."""
    found: list[Condition] = []
    findings, all_done = await _findings(settings, found.append)
    condition = found[0] if found else None
    screen = Screen()
    if as_json:
        days = {str(day): size for day, size in condition.sizes.days.items()} if condition else {}
        told = {"checks": [asdict(one) for one in findings], "bytes_by_day": days}
        screen.json(told | {"settings": effective(settings)})
    else:
        _show(screen, findings, condition, effective(settings))
    if not all_done:
        # A thread of it sits in a system call that nothing interrupts, and Python would wait.
        sys.stdout.flush()
        os._exit(1)
    return not any(one.state == "fail" for one in findings)


async def _findings(
    settings: ServerSettings, keep: Callable[[Condition], None]
) -> tuple[list[Finding], bool]:
    """What all parts found, looked at side by side; whether each has answered in time."""
    parts: dict[str, Coroutine[Any, Any, list[Finding]]] = {
        "settings": _aside(lambda: [names(unknown_names())]),
        "database": _database(settings, keep),
        "server": server(settings),
        "journal": _aside(lambda: [checks_machine.journal(_machine())]),
        "shipper": shipping(settings, utc_now().timestamp()),
        "embedder": embedder(settings),
        "model": model(settings),
        "clock": _aside(lambda: [checks_machine.clock(settings)]),
        "disk": _aside(lambda: [checks_machine.disk(settings)]),
        "clients": _aside(checks_machine.clients),
    }
    tasks = {name: asyncio.create_task(part) for name, part in parts.items()}
    _, late = await asyncio.wait(tasks.values(), timeout=_SECONDS)
    findings = [found for name, task in tasks.items() for found in _of(name, task)]
    return findings, not late


def _of(name: str, task: "asyncio.Task[list[Finding]]") -> list[Finding]:
    """What a part found; that it found nothing is a finding too."""
    if not task.done():
        task.cancel()
        return [Finding(name, "fail", f"no answer within {_SECONDS:.0f} s", "dmesg | tail")]
    if (error := task.exception()) is not None:
        text = error_words(error) if isinstance(error, DevMeshError) else repr(error)
        return [Finding(name, "fail", text, "devmesh doctor --json")]
    return task.result()


async def _aside(check: Callable[[], list[Finding]]) -> list[Finding]:
    return await asyncio.to_thread(check)


def _machine() -> str:
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


async def _database(settings: ServerSettings, keep: Callable[[Condition], None]) -> list[Finding]:
    """How the database is; its condition, where it has one, is kept for those who show it."""
    name = SentenceEmbedder(settings.embedding_model).name
    try:
        seen = await look(checks_database.addresses(settings), name)
    except StoreUnavailable as error:
        return [await asyncio.to_thread(checks_database.away, settings, error)]
    findings = [
        checks_database.reached(settings, seen),
        checks_database.schema(seen),
        checks_database.clocks(seen, utc_now()),
    ]
    if seen.condition is None:
        return findings
    keep(seen.condition)
    own = settings.database_url is None
    patient = Patient(
        now=utc_now(),
        retention=settings.keeps,
        condition=seen.condition,
        free=free_bytes(seen.condition.data_directory) if own else None,
    )
    lag = checks_database.embedding_lag(seen)
    return [*findings, *(check(patient) for check in CHECKS), lag]


def effective(settings: ServerSettings) -> list[dict[str, Any]]:
    """Each setting with its value, secrets masked, and where it comes from."""
    shipping = ShipperSettings()
    values = {name: getattr(shipping, name) for name in ShipperSettings.model_fields}
    values |= {name: getattr(settings, name) for name in ServerSettings.model_fields}
    given = origins()
    return [
        {"name": name, "value": _shown(value), "from": given.get(name, "default")}
        for name, value in sorted(values.items())
    ]


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "**********"
    return value if isinstance(value, int | float | str | None) else str(value)


def _show(
    screen: Screen, findings: list[Finding], condition: Condition | None, settings: list[Any]
) -> None:
    for one in findings:
        text = one_line(one.text, 300)
        screen.say(f"{one.state:5}{one.name:16} {text}", _STYLES[one.state])
        if one.mend:
            screen.say(f"     → {one.mend}")
    if condition and condition.sizes.days:
        screen.say("")
        screen.say("bytes on disk by day", "bold")
        for day, size in list(condition.sizes.days.items())[-_DAYS:]:
            if size or day <= utc_now().date():
                screen.say(f"  {day}  {day_text(size)}")
    screen.say("")
    screen.say("settings", "bold")
    for setting in settings:
        value = one_line(str(setting["value"]), 100)
        screen.say(f"  {setting['name']:28} {value}  ({setting['from']})")
