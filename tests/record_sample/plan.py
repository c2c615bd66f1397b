"""The schedule: which scene plays on which host, and at what second of the thirty hours.

Nothing here runs a program. Times are seconds from the start of the sample, which
begins at ten on a Sunday morning and ends at four on Monday afternoon.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

HOUR, MINUTE = 3600, 60
SPAN = 30 * HOUR
FIRST_HOUR = 10
INCIDENT = SPAN - 5 * HOUR
RELAPSE = SPAN - 36 * MINUTE


class Scene(NamedTuple):
    """One thing that happens on one host."""

    at: float
    name: str
    args: dict[str, Any]


def busy(at: float) -> float:
    """How much goes on at that hour: 1 by day, a quarter of it at night."""
    hour = (FIRST_HOUR + at / HOUR) % 24
    if hour < 6 or hour >= 23:
        return 0.25
    return 1.0 if 8 <= hour < 19 else 0.6


def often(
    rng: random.Random, minutes: float, start: float = 5 * MINUTE, end: float = SPAN - 30
) -> Iterator[float]:
    """Moments about so many minutes apart, thinner at night."""
    at = start + rng.random() * minutes * MINUTE
    while at < end:
        yield at
        at += minutes * MINUTE * rng.uniform(0.5, 1.5) / busy(at)


def ticks() -> Iterator[float]:
    """The half hours at which cron has something to do."""
    return (float(at) for at in range(30 * MINUTE, SPAN - MINUTE, 30 * MINUTE))


def everywhere(rng: random.Random) -> list[Scene]:
    """What any machine with an open ssh port and a crontab lives through."""
    scenes = [Scene(0, "boot", {})]
    scenes += [Scene(at, "cron_tick", {}) for at in ticks()]
    scenes += [Scene(at, "ssh_attack", {"count": rng.randint(5, 20)}) for at in often(rng, 280)]
    scenes += [Scene(at, "ssh_probe", {}) for at in often(rng, 110)]
    scenes += [Scene(at, "ssh_login", {}) for at in often(rng, 190)]
    scenes += [Scene(at, "sudo_allowed", {}) for at in often(rng, 200)]
    scenes += [Scene(at, "sudo_denied", {}) for at in often(rng, 600)]
    scenes += [Scene(14 * HOUR + rng.randint(5, 200), "logrotate", {})]
    scenes += [Scene(at, "time_source_lost", {}) for at in often(rng, 700)]
    return scenes


def traffic(
    rng: random.Random, minutes: float, most: int, start: float = 5 * MINUTE, end: float = SPAN - 30
) -> list[Scene]:
    """Ordinary visits."""
    return [
        Scene(at, "visits", {"count": rng.randint(most // 3, most)})
        for at in often(rng, minutes, start, end)
    ]


def web_01(rng: random.Random) -> list[Scene]:
    """nginx in front of shop-api, which needs the database of db-01."""
    down, up = INCIDENT + 40, INCIDENT + 13 * MINUTE
    hang, back = RELAPSE, SPAN - 21 * MINUTE
    scenes = traffic(rng, 8, 15, end=down)
    scenes += traffic(rng, 8, 15, start=up + 60, end=hang)
    scenes += traffic(rng, 3, 12, start=back + 20)
    scenes += [
        Scene(at, "slow_pages", {"count": rng.randint(1, 3)})
        for at in often(rng, 170, end=INCIDENT)
    ]
    scenes += [Scene(at, "bad_visits", {}) for at in often(rng, 75)]
    scenes += [Scene(at, "scanner", {}) for at in often(rng, 420)]
    scenes += [Scene(21 * HOUR + 300, "bad_reload", {})]
    # The incident: the database is gone, the shop gives up, nginx finds nobody.
    scenes += [Scene(INCIDENT + 12, "database_lost", {})]
    scenes += [
        Scene(at, "visits", {"count": rng.randint(6, 16)}) for at in often(rng, 0.8, down, up - 20)
    ]
    scenes += [Scene(up, "shop_restarted", {})]
    # The smaller one: the shop hangs, is killed, and is missed for some minutes.
    scenes += [
        Scene(at, "slow_pages", {"count": rng.randint(3, 5)})
        for at in often(rng, 1.5, hang, hang + 6 * MINUTE)
    ]
    scenes += [Scene(hang + 7 * MINUTE, "shop_killed", {})]
    scenes += [
        Scene(at, "visits", {"count": rng.randint(5, 11)})
        for at in often(rng, 0.9, hang + 7.2 * MINUTE, back)
    ]
    return [*scenes, Scene(back + 15, "shop_restarted", {})]


def web_02(rng: random.Random) -> list[Scene]:
    """haproxy before two stock services, nginx for pictures, and the billing batch."""
    scenes = [Scene(at, "visits", {"count": rng.randint(3, 8)}) for at in often(rng, 17)]
    scenes += [Scene(at, "stock_visits", {"count": rng.randint(3, 8)}) for at in often(rng, 15)]
    scenes += [Scene(at, "billing", {"orders": rng.randint(4, 12)}) for at in often(rng, 38)]
    scenes += [Scene(at, "billing", {"orders": 6, "bank": "down"}) for at in often(rng, 360)]
    scenes += [
        Scene(at, "billing", {"orders": 8, "bank": "down"})
        for at in (INCIDENT + 400, RELAPSE + 300)
    ]
    scenes += [Scene(at, "bad_visits", {}) for at in often(rng, 160)]
    scenes += [Scene(at, "stock_down", {"both": False}) for at in often(rng, 480)]
    return [*scenes, Scene(INCIDENT + 200, "stock_down", {"both": True})]


def db_01(rng: random.Random) -> list[Scene]:
    """MariaDB and Redis."""
    scenes = [Scene(at, "db_denied", {"count": rng.randint(1, 4)}) for at in often(rng, 100)]
    scenes += [Scene(at, "db_aborted", {"count": rng.randint(1, 5)}) for at in often(rng, 75)]
    scenes += [Scene(at, "db_deadlock", {}) for at in often(rng, 500)]
    scenes += [Scene(at, "db_table_full", {}) for at in often(rng, 260)]
    scenes += [Scene(at, "redis_save", {}) for at in often(rng, 45)]
    scenes += [Scene(at, "redis_disk_full", {}) for at in often(rng, 480)]
    scenes += [Scene(at, "dump", {}) for at in (16 * HOUR + 300, SPAN - 50 * MINUTE)]
    scenes += [Scene(17 * HOUR, "db_restarted", {})]
    scenes += [Scene(INCIDENT, "db_killed", {}), Scene(INCIDENT + 11 * MINUTE, "db_started", {})]
    return [*scenes, Scene(INCIDENT + 14 * MINUTE, "db_aborted", {"count": 6})]


def nas_01(rng: random.Random) -> list[Scene]:
    """Backups, names for the house, and an indexer that crashes."""
    scenes = [Scene(at, "names", {"count": rng.randint(4, 14)}) for at in often(rng, 14)]
    scenes += [Scene(at, "dns_upstream_lost", {}) for at in often(rng, 300)]
    scenes += [
        Scene(at, "backup", {"room": rng.choice(["64m", "64m", "128k"])}) for at in often(rng, 150)
    ]
    scenes += [
        Scene(16.5 * HOUR, "backup", {"room": "64m", "talkative": True}),
        Scene(SPAN - 33 * MINUTE, "backup", {"room": "128k"}),
    ]
    scenes += [Scene(at, "mirror", {}) for at in often(rng, 130)]
    scenes += [Scene(at, "index", {"broken": False}) for at in often(rng, 60)]
    scenes += [Scene(at, "index", {"broken": True}) for at in often(rng, 320)]
    return [*scenes, Scene(SPAN - 28 * MINUTE, "index", {"broken": True})]


def plan(host: str) -> list[Scene]:
    """Every scene of one host, in order. The same host always gets the same plan."""
    rng = random.Random(host)
    own = {"web-01": web_01, "web-02": web_02, "db-01": db_01, "nas-01": nas_01}[host]
    return sorted(everywhere(rng) + own(rng), key=lambda scene: scene.at)
