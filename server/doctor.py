"""`devmesh doctor`: how the store is, and what the settings are and where they come from."""

from dataclasses import asdict
from typing import Any

from pydantic import SecretStr

from server.app import Home, home, utc_now
from server.checks import CHECKS, Finding, Patient, free_bytes, names
from server.settings import ServerSettings, origins, unknown_names
from server.show import Screen
from shipper.settings import ShipperSettings
from sql.condition import Condition
from sql.sizes import bytes_text
from tools.errors import StoreUnavailable
from tools.plain import one_line

_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}
_DAYS = 14


async def examine(settings: ServerSettings, as_json: bool) -> bool:
    """Print what the checks find; whether none failed."""
    async with home(settings) as parts:
        findings, condition = await _looked_at(parts)
    screen = Screen()
    if as_json:
        days = {str(day): size for day, size in condition.sizes.days.items()} if condition else {}
        told = {"checks": [asdict(one) for one in findings], "bytes_by_day": days}
        screen.json(told | {"settings": effective(settings)})
    else:
        _show(screen, findings, condition, effective(settings))
    return not any(one.state == "fail" for one in findings)


async def _looked_at(parts: Home) -> tuple[list[Finding], Condition | None]:
    findings = [names(unknown_names())]
    try:
        await parts.open()
        condition = await parts.store.condition()
    except StoreUnavailable as error:
        mend = "look at its log, or at DEVMESH_DATABASE_URL"
        return [*findings, Finding("database", "fail", str(error), mend)], None
    settings = parts.settings
    own = settings.database_url is None
    where = f"private, in {condition.data_directory}" if own else "by DEVMESH_DATABASE_URL"
    findings.append(Finding("database", "ok", f"{condition.version}, {where}"))
    patient = Patient(
        now=utc_now(),
        retention=settings.keeps,
        condition=condition,
        free=free_bytes(condition.data_directory) if own else None,
    )
    return findings + [check(patient) for check in CHECKS], condition


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
        screen.say(f"{one.state:5}{one.name:11} {one_line(one.text, 300)}", _STYLES[one.state])
        if one.mend:
            screen.say(f"                 → {one.mend}")
    if condition and condition.sizes.days:
        screen.say("")
        screen.say("bytes on disk by day", "bold")
        for day, size in list(condition.sizes.days.items())[-_DAYS:]:
            screen.say(f"  {day}  {bytes_text(size)}")
    screen.say("")
    screen.say("settings", "bold")
    for setting in settings:
        value = one_line(str(setting["value"]), 100)
        screen.say(f"  {setting['name']:28} {value}  ({setting['from']})")
