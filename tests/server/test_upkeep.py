"""The hourly upkeep and the doctor: what they do, and that everybody can see it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from pydantic import SecretStr

from server.app import Home
from server.app import home as opened
from server.checks import CHECKS, Finding, Patient, names, rate
from server.settings import ServerSettings
from server.upkeep import HourlyUpkeep
from sql.condition import Condition, LastRun
from sql.retention import Retention
from sql.sizes import Sizes
from sql.upkeep import Outcome
from tools.errors import StoreUnavailable

Serving = Callable[[ServerSettings], AbstractAsyncContextManager[httpx2.AsyncClient]]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
DEVMESH = str(Path(sys.executable).with_name("devmesh"))


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def test_the_upkeep_runs_soon_after_the_start(settings: ServerSettings) -> None:
    """A server process makes the days ahead at once, and says when it runs again."""
    async with opened(settings, background=True) as parts:
        async with asyncio.timeout(30):
            while parts.upkeep.state()["next_run"] is None:
                await asyncio.sleep(0.05)
        state = parts.upkeep.state()
        assert state["error"] is None and "3 days ahead" in state["did"]
        assert timedelta(minutes=59) < state["next_run"] - state["last_run"] < timedelta(hours=2)
        assert (await parts.store.condition()).last_run.did == state["did"]


async def test_a_failure_is_remembered_and_tried_again_sooner() -> None:
    """The state has the error until a run goes well."""
    outcomes: list[Outcome | Exception] = [
        StoreUnavailable("the database is away"),
        ZeroDivisionError("a bug"),
        Outcome(NOW, "", days_ahead=3),
    ]

    async def run() -> Outcome:
        one = outcomes.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    upkeep = HourlyUpkeep(run, lambda: NOW)
    assert upkeep.state()["last_run"] is None
    assert not await upkeep.run_once()
    assert upkeep.state()["error"] == "the database is away"
    assert not await upkeep.run_once()
    assert "a bug" in upkeep.state()["error"]
    assert await upkeep.run_once()
    assert upkeep.state()["error"] is None and "3 days ahead" in upkeep.state()["did"]


async def test_health_and_info_show_the_upkeep(settings: ServerSettings, serving: Serving) -> None:
    """With the retention in force, and since when everything is kept."""
    keeping = settings.model_copy(update={"retention": "5d"})
    async with opened(settings) as before:
        deps = await before.deps()
        events = [{"message": "old", "timestamp": ago(9)}, {"message": "new"}]
        await _ingest(deps, events)
    async with opened(keeping) as parts:
        outcome = await parts.keep_up()
        assert outcome.forgotten_patterns == 1
    async with serving(keeping) as client:
        health = (await client.get("/health")).json()
        assert set(health["parts"]["upkeep"]) == {"last_run", "did", "error", "next_run"}
        info = (await client.get("/info")).json()
        assert info["retention"] == "5d"
        assert info["kept_since"].startswith(str(outcome.dropped_before))


async def _ingest(deps: Any, events: list[dict[str, Any]]) -> None:
    from tools.ingest_logs import INGEST_LOGS

    assert (await INGEST_LOGS.call({"events": events}, deps)).accepted == len(events)


async def test_a_failed_upkeep_degrades_health(home: Home) -> None:
    """A probe sees it without reading logs."""
    from server.http_app import http_app

    async def fails() -> Outcome:
        raise StoreUnavailable("log_events is busy")

    home.upkeep = HourlyUpkeep(fails, lambda: NOW)
    await home.upkeep.run_once()
    transport = httpx2.ASGITransport(app=http_app(home))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        health = (await client.get("/health")).json()
    assert health["status"] == "degraded"
    assert health["parts"]["upkeep"]["error"] == "log_events is busy"


async def test_events_outside_what_is_kept_are_refused_by_index(
    settings: ServerSettings, serving: Serving
) -> None:
    """Late and far-ahead ones, each with rule and code; alone in a batch they are no 422."""
    async with serving(settings.model_copy(update={"retention": "5d,50GB"})) as client:
        events = [
            {"message": "late", "timestamp": ago(7)},
            {"message": "kept", "timestamp": ago(4)},
            {"message": "ahead", "timestamp": ago(-9)},
            {"message": "soon", "timestamp": ago(-1)},
        ]
        body = (await client.post("/ingest/logs", json=events)).json()
        assert body["accepted"] == 2
        told = {entry["index"]: entry for entry in body["rejected"]}
        assert {index: entry["code"] for index, entry in told.items()} == {
            0: "not_kept",
            2: "dated_ahead",
        }
        assert all("5d,50GB" in entry["rule"] for entry in told.values())
        alone = await client.post("/ingest/logs", json=events[:1])
        assert (alone.status_code, alone.json()["accepted"]) == (200, 0)
        with_bad = await client.post("/ingest/logs", json=[{"message": 7}])
        assert with_bad.status_code == 422
        dry = {"events": events, "dry_run": True}
        assert len((await client.post("/ingest/logs", json=dry)).json()["rejected"]) == 2
        points = [{"name": "load", "value": n, "timestamp": ago(n)} for n in (1, 7)]
        body = (await client.post("/ingest/metrics", json=points)).json()
        assert (body["accepted"], body["rejected"][0]["code"]) == (1, "not_kept")


async def test_answers_say_what_was_dropped(settings: ServerSettings, serving: Serving) -> None:
    """A count over dropped days is no plain zero, in any tool."""
    async with opened(settings) as before:
        deps = await before.deps()
        await _ingest(deps, [{"message": "old", "timestamp": ago(9)}, {"message": "new"}])
    keeping = settings.model_copy(update={"retention": "5d"})
    async with opened(keeping) as parts:
        await parts.keep_up()
    async with serving(keeping) as client:
        for path in ("/query/logs", "/stats/logs", "/patterns/logs"):
            page = (await client.get(path, params={"start_time": "10d"})).json()
            assert page["coverage"]["kept_since"], path
            page = (await client.get(path, params={"start_time": "1d"})).json()
            assert page["coverage"]["kept_since"] is None, path
        compared = {"start_time": "1d", "compare_to": "9d"}
        page = (await client.get("/patterns/logs", params=compared)).json()
        assert page["coverage"]["kept_since"]
        gone = (await client.get("/context/logs/1")).json()
        assert "were dropped" in gone["detail"]
        hint = (await client.get("/query/metrics", params={"name": "x"})).json()["hint"]
        assert "No metric" in hint


def sizes(**given: Any) -> Sizes:
    days = {TODAY - n * DAY: 1_000_000_000 for n in range(8, -4, -1)}
    plain: dict[str, Any] = {"total": 12 * 10**9, "apparent": 30 * 10**9, "days": days}
    return Sizes(**(plain | {"past": 0, "future": 0, "exact": True} | given))


def patient(retention: str = "", free: int | None = 10**11, **given: Any) -> Patient:
    plain: dict[str, Any] = {
        "version": "11.8.9-MariaDB",
        "data_directory": "/data",
        "missing_rights": (),
        "roles": False,
        "sizes": sizes(),
        "last_day": TODAY + 3 * DAY,
        "later_rows": 0,
        "miscounted_days": (),
        "kept_since": None,
        "last_run": LastRun(NOW - timedelta(minutes=40), "here", "12GB in all", None),
    }
    return Patient(NOW, Retention.parse(retention), Condition(**(plain | given)), free)


def found(seen: Patient) -> dict[str, Finding]:
    return {one.name: one for check in CHECKS for one in [check(seen)]}


def test_a_healthy_store_has_no_complaint() -> None:
    """Every check is ok, and the text has the figures."""
    told = found(patient())
    assert {one.state for one in told.values()} == {"ok"}
    assert "12.0GB on disk, today 1.0GB, page compression saves 18.0GB" in told["size"].text
    assert "1.0GB a day: the disk is full in 100 days" in told["room"].text


@pytest.mark.parametrize(
    ("retention", "free", "state", "text"),
    [
        ("", 9 * 10**9, "warn", "the disk is full in 9 days"),
        ("", 9 * 10**8, "fail", "only 900.0MB free"),
        ("14GB", 10**11, "ok", "the oldest days go (14.0GB kept) in 2 days"),
        ("14GB", 10**9, "warn", "the disk is full in 1 days"),
        ("30d", 9 * 10**9, "warn", "the disk is full in 9 days"),
        ("30d", 10**11, "ok", "30d is reached before any limit"),
        ("30d,14GB", 10**11, "ok", "the oldest days go (14.0GB kept) in 2 days"),
        ("", None, "ok", "cannot be seen from here"),
        ("14GB", None, "ok", "the oldest days go"),
    ],
)
def test_the_days_left(retention: str, free: int | None, state: str, text: str) -> None:
    """The nearest limit at the rate of the last whole days, unless the age comes before it."""
    one = found(patient(retention, free))["room"]
    assert one.state == state and text in one.text, one


def test_the_rate_counts_whole_days_alone() -> None:
    """Neither today's part nor days before the last seven; a day without a partition is nothing."""
    days = {TODAY: 5, TODAY - DAY: 30, TODAY - 3 * DAY: 60, TODAY - 8 * DAY: 1000}
    assert rate(days, TODAY) == 30
    assert rate({TODAY: 5, TODAY + DAY: 0}, TODAY) is None


def test_each_trouble_is_told_with_its_mend() -> None:
    """Rights, partitions, totals, upkeep and names."""
    for given, name, state, text in (
        ({"missing_rights": ("drop",)}, "rights", "fail", "not granted: drop"),
        ({"missing_rights": ("drop",), "roles": True}, "rights", "warn", "drop"),
        ({"sizes": sizes(exact=False)}, "rights", "warn", "estimates"),
        ({"last_day": TODAY}, "partitions", "warn", "made until 2026-11-20"),
        ({"last_day": None}, "partitions", "warn", "no day"),
        ({"later_rows": 7}, "partitions", "warn", "7 events are dated later"),
        ({"miscounted_days": (TODAY - DAY,)}, "totals", "fail", "of 2026-11-19 are too low"),
        (
            {"miscounted_days": (TODAY - DAY, TODAY)},
            "totals",
            "fail",
            "2 days since 2026-11-19 are too low",
        ),
        ({"last_run": LastRun(None, "", "", None)}, "upkeep", "warn", "not run yet"),
        ({"last_run": LastRun(NOW - DAY, "x", "did", None)}, "upkeep", "warn", "last ran"),
        ({"last_run": LastRun(NOW, "x", "", "denied")}, "upkeep", "fail", "denied"),
    ):
        one = found(patient(**given))[name]
        assert one.state == state and text in one.text and one.mend, one
    assert names(["DEVMESH_RETENTON"]).state == "warn"
    assert (
        "all before 2026-11-01" in found(patient("9d", kept_since=NOW - 19 * DAY))["retention"].text
    )


def _run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEVMESH, *words], env=environment, capture_output=True, text=True, check=False
    )


async def test_doctor_and_upkeep_by_hand(
    home: Home, environment: dict[str, str], tmp_path: Path
) -> None:
    """Both speak JSON; the doctor masks secrets and knows where each setting is from."""
    deps = await home.deps()
    await _ingest(deps, [{"message": "old", "timestamp": ago(9)}, {"message": "new"}])
    config = tmp_path / "config.toml"
    config.write_text('timezone = "Europe/Berlin"\ntimezon = "x"\n')
    environ = environment | {
        "DEVMESH_CONFIG": str(config), "DEVMESH_RETENTION": "5d, 50GB", "DEVMESH_TOKEN": "s3cret",
        "DEVMESH_RETENTON": "7d",
    }  # fmt: skip
    told = orjson.loads(
        (await asyncio.to_thread(_run, environ, "upkeep", "--dry-run", "--json")).stdout
    )
    assert (told["retention"], told["dry_run"]) == ("5d,50GB", True)
    assert told["dropped_days"] and "would drop" in told["did"]
    done = await asyncio.to_thread(_run, environ, "upkeep")
    assert done.returncode == 0 and "dropped" in done.stdout
    asked = await asyncio.to_thread(_run, environ, "doctor", "--json")
    assert asked.returncode == 0, asked.stderr + asked.stdout
    told = orjson.loads(asked.stdout)
    states = {one["name"]: one["state"] for one in told["checks"]}
    assert states["settings"] == "warn"
    assert {states[name] for name in ("database", "retention", "partitions", "upkeep")} == {"ok"}
    assert [one["text"] for one in told["checks"] if one["name"] == "settings"] == [
        "mean nothing: DEVMESH_RETENTON, timezon"
    ]
    assert str(datetime.now(UTC).date()) in told["bytes_by_day"]
    settings = {one["name"]: (one["value"], one["from"]) for one in told["settings"]}
    assert settings["retention"] == ("5d,50GB", "environment")
    assert settings["timezone"] == ("Europe/Berlin", f"file {config}")
    assert settings["port"] == (8000, "default")
    plain = await asyncio.to_thread(_run, environ, "doctor")
    assert "bytes on disk by day" in plain.stdout
    assert "s3cret" not in asked.stdout + plain.stdout


def test_doctor_fails_when_the_database_is_away(environment: dict[str, str]) -> None:
    """It says so, shows the settings all the same, and its exit status is 1."""
    environ = environment | {"DEVMESH_DATABASE_URL": "mysql://root:hush@127.0.0.1:1/x"}
    done = _run(environ, "doctor")
    assert done.returncode == 1
    assert "fail database" in done.stdout and "retention" in done.stdout
    assert "hush" not in done.stdout + done.stderr


@pytest.mark.parametrize("text", ["30x", "7d,8d", "50"])
def test_a_wrong_retention_is_refused_at_the_start(environment: dict[str, str], text: str) -> None:
    """The message names the variable, the value and what is allowed."""
    done = _run(environment | {"DEVMESH_RETENTION": text}, "doctor")
    assert done.returncode == 2
    assert "DEVMESH_RETENTION" in done.stderr and text in done.stderr and "30d,50GB" in done.stderr


def test_settings_know_the_retention() -> None:
    """Empty, the default, keeps everything."""
    assert not ServerSettings().keeps
    assert ServerSettings(retention="30d").keeps == Retention.parse("30d")
    assert ServerSettings(database_url=SecretStr("mysql://x")).page_compression == "auto"
