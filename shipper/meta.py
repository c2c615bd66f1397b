"""Everything of an entry that has no column of its own, kept below the limit of meta_json."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from shipper.fields import Entry, as_text
from shipper.redact import redact, redact_value
from tools.limits import META_MAX_BYTES

MAX_BYTES = META_MAX_BYTES - 2_048
"""Leaves room for what the server notes when it clips a column."""

_DROPPED = frozenset(
    (
        "MESSAGE",
        "_HOSTNAME",
        "SYSLOG_RAW",  # the message again, before journald made it fit
        "_CAP_EFFECTIVE",
        "_SELINUX_CONTEXT",
        "__CURSOR",
        "__REALTIME_TIMESTAMP",
        "__MONOTONIC_TIMESTAMP",
        "__SEQNUM",
        "__SEQNUM_ID",
    )
)
_SIZE_ONLY = ("COREDUMP", "COREDUMP_ENVIRON", "COREDUMP_PROC_AUXV")
"""Memory and environments of dead processes: only their length leaves the host."""

_HARMLESS_LIST = (
    "PRIORITY SYSLOG_FACILITY SYSLOG_IDENTIFIER SYSLOG_PID SYSLOG_TIMESTAMP MESSAGE_ID TID "
    "CODE_FILE CODE_LINE CODE_FUNC ERRNO UNIT USER_UNIT INVOCATION_ID USER_INVOCATION_ID "
    "JOB_ID JOB_TYPE JOB_RESULT UNIT_RESULT EXIT_CODE EXIT_STATUS COMMAND SESSION_ID USER_ID "
    "LEADER CONTAINER_ID CONTAINER_ID_FULL CONTAINER_NAME CONTAINER_TAG IMAGE_NAME "
    "TRACE_ID SPAN_ID OTEL_TRACE_ID OTEL_SPAN_ID N_RESTARTS CPU_USAGE_NSEC "
    "_TRANSPORT _PID _UID _GID _COMM _EXE _BOOT_ID _MACHINE_ID _STREAM_ID _NAMESPACE "
    "_RUNTIME_SCOPE _LINE_BREAK _SYSTEMD_CGROUP _SYSTEMD_UNIT _SYSTEMD_USER_UNIT "
    "_SYSTEMD_SLICE _SYSTEMD_USER_SLICE _SYSTEMD_SESSION _SYSTEMD_OWNER_UID "
    "_SYSTEMD_INVOCATION_ID _AUDIT_SESSION _AUDIT_LOGINUID _AUDIT_TYPE _AUDIT_TYPE_NAME "
    "_AUDIT_ID _SOURCE_REALTIME_TIMESTAMP _SOURCE_MONOTONIC_TIMESTAMP "
    "_SOURCE_BOOTTIME_TIMESTAMP _KERNEL_DEVICE _KERNEL_SUBSYSTEM _UDEV_SYSNAME _UDEV_DEVNODE"
)
_HARMLESS = frozenset(_HARMLESS_LIST.split())
"""Fields that hold no secret, so that most entries need one field looked at: _CMDLINE."""


def meta_of(entry: Entry, hide: bool) -> dict[str, Any]:
    """The remaining fields as text; with `hide`, without the secrets in them."""
    fields: Mapping[str, Any] = entry
    try:
        # Nearly every entry is plain UTF-8 bytes, decoded here without a call for each field.
        meta = {name: value.decode() for name, value in fields.items() if name not in _DROPPED}
    except (UnicodeDecodeError, AttributeError):
        meta = {as_text(n): _texts(v) for n, v in fields.items() if n not in _DROPPED}
    for name in _SIZE_ONLY:
        if name in meta:
            meta[name] = f"[{len(entry[name])} bytes]"
    if hide:
        for name in [name for name in meta if name not in _HARMLESS]:
            value = meta[name]
            meta[name] = _command(value) if name == "_CMDLINE" else redact_value(name, value)
    return meta


def _texts(value: object) -> str | list[str]:
    if isinstance(value, list | tuple):
        return [as_text(part) for part in value]
    return as_text(value)


@lru_cache(maxsize=1_024)
def _redacted_command(text: str) -> str:
    return redact(text)


def _command(value: Any) -> Any:
    if isinstance(value, str) and len(value) < 4_096:
        return _redacted_command(value)
    return redact_value("_CMDLINE", value)


def fit(meta: dict[str, Any]) -> dict[str, Any]:
    """The meta as it is when it is small enough, else with its largest values marked as dropped."""
    try:
        size = len(orjson.dumps(meta))
    except TypeError:  # a field name that is no Unicode text
        return fit({as_text(name): value for name, value in meta.items()})
    if size <= MAX_BYTES:
        return meta
    sizes = {name: len(orjson.dumps({name: value})) for name, value in meta.items()}
    kept = dict(meta)
    for name in sorted(sizes, key=lambda name: sizes[name], reverse=True):
        marker = f"[dropped: {sizes[name]} bytes]"
        kept[name] = marker
        size += len(orjson.dumps({name: marker})) - sizes[name]
        if size <= MAX_BYTES:
            return kept
    return {"dropped_fields": len(meta)}
