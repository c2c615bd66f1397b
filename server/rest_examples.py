"""Examples in the OpenAPI document: what to ask, and what comes back."""

from typing import Any

_AT = "2026-11-20T12:00:00.000000Z"
_RANGE = {"start": "2026-11-20T11:00:00.000000Z", "end": _AT, "timezone": "UTC"}
_COVERAGE = {
    "hosts": [{"host": "web-01", "last_event": _AT, "last_heartbeat": _AT, "lag_seconds": 0.4}],
    "more_hosts": 0,
    "gaps": [],
    "missing": 0,
}
_EVENT = {
    "id": 4711,
    "timestamp": _AT,
    "level": "ERROR",
    "host": "web-01",
    "service": "nginx",
    "source": "journald",
    "message": "connect() failed (111: Connection refused) while connecting to upstream",
}
_RECEIPT = {
    "accepted": 1,
    "duplicates": 0,
    "rejected": [
        {"index": 1, "field": "message", "rule": "is required", "value": None},
    ],
    "dry_run": False,
}
_PATTERN = "connect() failed (<*>: Connection refused) while connecting to upstream"

ASKED: dict[str, dict[str, Any]] = {
    "query_logs": {"service": "nginx", "level": ["ERROR"], "start_time": "1h", "limit": 20},
    "query_metrics": {"name": "disk_free", "start_time": "1d", "interval": "1h"},
    "log_stats": {"group_by": "service", "interval": "1h", "start_time": "1d"},
    "log_patterns": {"start_time": "1d", "new_only": True, "limit": 20},
    "log_context": {"event_id": 4711, "before": 5, "after": 5},
    "similar_logs": {"text": "disk is full", "start_time": "7d", "limit": 5},
    "ingest_logs": {
        "events": [
            {
                "service": "backup",
                "host": "nas-01",
                "level": "ERROR",
                "message": "no space left on device",
                "timestamp": _AT,
                "meta_json": {"path": "/var/backups"},
                "uid": "nas-01/backup/17",
            }
        ]
    },
    "ingest_metrics": {
        "points": [
            {"name": "disk_free", "value": 12.5, "unit": "GiB", "host": "nas-01", "timestamp": _AT}
        ]
    },
}
"""Arguments by tool."""

GIVEN: dict[str, dict[str, Any]] = {
    "query_logs": {
        "events": [_EVENT],
        "range": _RANGE,
        "total": 1,
        "complete": True,
        "coverage": _COVERAGE,
    },
    "query_metrics": {
        "name": "disk_free",
        "points": [{"timestamp": _AT, "value": 12.5, "unit": "GiB", "count": 60}],
        "range": _RANGE,
        "complete": True,
    },
    "log_stats": {
        "group_by": "service",
        "interval": "1h",
        "groups": [{"name": "nginx", "start": _AT, "count": 250}],
        "total": 250,
        "range": _RANGE,
        "complete": True,
        "coverage": _COVERAGE,
    },
    "log_patterns": {
        "patterns": [
            {
                "pattern_id": 12,
                "service": "nginx",
                "pattern": _PATTERN,
                "count": 250,
                "share": 0.61,
                "first_seen": _AT,
                "last_seen": _AT,
                "new": True,
            }
        ],
        "left_out": 0,
        "total": 410,
        "range": _RANGE,
        "complete": True,
        "coverage": _COVERAGE,
    },
    "log_context": {"event_id": 4711, "events": [_EVENT], "complete": True},
    "similar_logs": {
        "patterns": [],
        "range": _RANGE,
        "complete": True,
        "coverage": _COVERAGE,
        "index": {"model": "all-MiniLM-L6-v2", "indexed": 345, "pending": 0},
    },
    "ingest_logs": _RECEIPT,
    "ingest_metrics": {**_RECEIPT, "rejected": []},
}
"""Answers by tool."""
