"""What `devmesh doctor` looks at: each check says ok, warn or fail, why, and how to mend it."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from server.upkeep import EVERY
from sql.condition import Condition
from sql.retention import Retention
from sql.sizes import bytes_text
from tools.answers import moment_text

_DAY = timedelta(days=1)
_RATE_DAYS = 7
_LOW = 1_000_000_000
_SOON = 14
_GRANT = "GRANT ALL PRIVILEGES ON devmesh.* TO 'USER'@'HOST';"
_GRANT_MORE = "GRANT PROCESS, RELOAD ON *.* TO 'USER'@'HOST';"
_LOG = "sudo journalctl --namespace=devmesh -u devmesh-server -n 50"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `mend` is a line to paste that mends it, or tells more."""

    name: str
    state: Literal["ok", "warn", "fail"]
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks see. `free` is the room on the store's disk, None when it is elsewhere."""

    now: datetime
    retention: Retention
    condition: Condition
    free: int | None

    @property
    def today(self) -> date:
        """Today in UTC."""
        return self.now.date()


def free_bytes(folder: str) -> int | None:
    """The room on the disk of a folder of this machine; None when it cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def names(unknown: Iterable[str]) -> Finding:
    """Settings that nothing reads."""
    if told := list(unknown):
        variables = [name for name in told if name.isupper()]
        mend = f"unset {' '.join(variables)}" if variables else "devmesh doctor  # tells the names"
        return Finding("settings", "warn", f"mean nothing: {', '.join(told)}", mend)
    return Finding("settings", "ok", "every name given is known")


def rights(seen: Patient) -> Finding:
    """Whether the account may do what is needed."""
    if missing := ", ".join(seen.condition.missing_rights):
        state: Literal["warn", "fail"] = "warn" if seen.condition.roles else "fail"
        return Finding("rights", state, f"not granted: {missing}", _GRANT)
    if not seen.condition.sizes.exact:
        text = "sizes are estimates, and page compression cannot be tried"
        return Finding("rights", "warn", text, _GRANT_MORE)
    return Finding("rights", "ok", "the account may do all that is needed")


def day_text(size: int) -> str:
    """How much a day holds. The database writes what it has stored into files by and by."""
    return bytes_text(size) if size else "nothing in its file yet"


def size(seen: Patient) -> Finding:
    """How large the store is."""
    sizes = seen.condition.sizes
    saved = sizes.apparent - sizes.total
    compression = f", page compression saves {bytes_text(saved)}" if saved > 0 else ""
    today = day_text(sizes.days.get(seen.today, 0))
    text = f"{bytes_text(sizes.total)} on disk, today {today}{compression}"
    return Finding("size", "ok", text)


def rate(days: dict[date, int], today: date) -> float | None:
    """Bytes a day over the last seven whole days, or as many as there are; None before one."""
    whole = [day for day in days if today - _RATE_DAYS * _DAY <= day < today]
    return sum(days[day] for day in whole) / (today - min(whole)).days if whole else None


def room(seen: Patient) -> Finding:
    """When the disk or the retention's size is reached at the rate of the last days."""
    total, most = seen.condition.sizes.total, seen.retention.size
    daily = rate(seen.condition.sizes.days, seen.today)
    limits = [(seen.free, "the disk is full")] if seen.free is not None else []
    if most is not None:
        limits.append((max(0, most - total), f"the oldest days go ({bytes_text(most)} kept)"))
    if seen.free is not None and seen.free < _LOW:
        text = f"only {bytes_text(seen.free)} free on the store's disk"
        return Finding("room", "fail", text, "export DEVMESH_RETENTION=30d")
    if not limits:
        return Finding("room", "ok", "the database's disk cannot be seen from here")
    if not daily:
        free = f", {bytes_text(seen.free)} free" if seen.free is not None else ""
        return Finding("room", "ok", f"the store has not seen a whole day yet{free}")
    bytes_left, what = min(limits)
    days_left = bytes_left / daily
    held = bytes_text(round(daily))
    if seen.retention.age and _grows_until(seen, daily) <= bytes_left:
        text = f"{held} a day: {seen.retention.text} is reached before any limit"
        return Finding("room", "ok", text)
    text = f"{held} a day: {what} in {days_left:.0f} days"
    if days_left < _SOON and what.startswith("the disk"):
        return Finding("room", "warn", text, "export DEVMESH_RETENTION=30d")
    return Finding("room", "ok", text)


def _grows_until(seen: Patient, daily: float) -> float:
    """Bytes that come until the first day is as old as the retention's age."""
    first = seen.condition.sizes.first_day or seen.today
    age = seen.retention.age or timedelta()
    return max(0.0, (age - (seen.today - first)) / _DAY + 1) * daily


def retention(seen: Patient) -> Finding:
    """What is kept, and since when."""
    since = seen.condition.kept_since
    dropped = f"; dropped: all before {since:%Y-%m-%d}" if since else ""
    if not seen.retention:
        return Finding("retention", "ok", f"everything is kept{dropped}")
    return Finding("retention", "ok", f"{seen.retention.text} is kept{dropped}")


def days_ahead(seen: Patient) -> Finding:
    """Whether tomorrow has its partition, and no event is dated far ahead."""
    last = seen.condition.last_day
    if last is None or last <= seen.today:
        text = f"made until {last}" if last else "no day has a partition yet"
        return Finding("partitions", "warn", text, "devmesh upkeep")
    if later := seen.condition.later_rows:
        more = f"{later} or more" if later >= 1000 else str(later)
        text = f"made until {last}; {more} events are dated later"
        return Finding("partitions", "warn", text, "timedatectl  # on the hosts that sent them")
    return Finding("partitions", "ok", f"made until {last}")


def totals(seen: Patient) -> Finding:
    """Whether all servers of the store keep the totals."""
    if not (days := seen.condition.miscounted_days):
        return Finding("totals", "ok", "hold all that is counted")
    which = f"{len(days)} days since {days[0]}" if len(days) > 1 else days[0]
    text = f"of {which} are too low: a server older than this one has written"
    return Finding("totals", "fail", text, "devmesh upkeep  # when that server is stopped")


def last_upkeep(seen: Patient) -> Finding:
    """Whether the upkeep runs, and how it went."""
    run = seen.condition.last_run
    if run.at is None:
        text = "has not run yet"
        return Finding("upkeep", "warn", text, "devmesh upkeep")
    when = f"{moment_text(run.at)} UTC on {run.host}"
    if run.error:
        return Finding("upkeep", "fail", f"{when}: {run.error}", _LOG)
    if seen.now - run.at > 2 * EVERY:
        text = f"last ran {when}: {run.did}"
        return Finding("upkeep", "warn", text, "devmesh upkeep")
    return Finding("upkeep", "ok", f"{when}: {run.did}")


Check = Callable[[Patient], Finding]
CHECKS: tuple[Check, ...] = (rights, size, room, retention, days_ahead, totals, last_upkeep)
"""In the order in which they are told."""
