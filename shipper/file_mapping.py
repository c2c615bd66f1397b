"""A line of a log file as the event that is sent. Nothing here raises, whatever the line holds.

The message is the whole line, as it stands in the file; only a JSON object gives its text.
"""

import os
import re
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

import orjson

from shipper.error_codes import error_code
from shipper.fields import as_text, readable
from shipper.file_lines import Line
from shipper.file_search import matches
from shipper.levels_in_text import level_in_json, level_in_text
from shipper.line_times import DAY_US, Around, Clock, time_in_json, time_in_text
from shipper.mapping import clipped, timestamp, uid_of
from shipper.messages import Message, read_message
from shipper.meta import fit
from shipper.redact import redact, redact_json
from shipper.rules import Rules
from shipper.traces import trace_and_span
from tools.levels import SYNONYMS, Level

_PREFIX = re.compile(
    r" (?P<host>[\w.:-]{1,255}) (?P<program>[\w./@+-]{1,64})(?:\[(?P<pid>\d{1,10})\])?:(?=\s|$)"
)
_SYSLOG_FILES = re.compile(
    r"(?:syslog|messages|secure|maillog|cron|debug|(?:auth|kern|daemon|user|cron|mail)\.\w+)\b"
)
_DATE = re.compile(r"[._-]?\d{4}[._-]?\d\d[._-]?\d\d.*$|[._-]\d+$")
_EXTENSION = re.compile(r"(?:\.(?:log|txt|json|jsonl|ndjson|out|err|gz|zst|old|\d{1,8}))+$|~$")
_KINDS = re.compile(
    r"(?:[_.-]?(?:access|errors?|log|logs|out|stdout|stderr|output|console|current|main|server|app"
    r"|application|debug|info|warn|other_vhosts|json))*",
    re.IGNORECASE,
)
_PLACES = frozenset(("", "log", "logs", "var", "opt", "srv", "home", "data", "shared", "current"))

_MET = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a line stands in, and when that was first met and this line read (µs)."""

    path: str
    met_us: int
    read_us: int


class LineMapper:
    """Makes events of lines. `services` names the service of paths that match a glob; `met` are
    the first hundred services that lines were of.
    """

    def __init__(
        self,
        host: str,
        rules: Rules,
        services: dict[str, str] | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self.host = host
        self._rules = rules
        self._services = services or {}
        self._zone = zone
        self.met: set[str] = set()

    def event(
        self, line: Line, cursor: str, origin: Origin, clock: Clock
    ) -> tuple[dict[str, Any], Clock]:
        """The event, and the time in force behind the line.

        A line without any time has no timestamp: the server then gives that of its arrival, and
        knows the line by its uid alone.
        """
        said = _said(line)
        around = Around(clock.time_us, origin.met_us, origin.read_us + DAY_US, self._zone)
        meta: dict[str, Any] = {"path": as_text(origin.path), "offset": line.start}
        own, prefix, rest = self._prefixed(said, line, origin.path, around)
        clock = clock.behind(own)
        moment = clock.in_force
        if own is None:
            meta["time_from"] = "arrival" if moment is None else "line above"
        service = self._service(origin.path, prefix, meta)
        event = self._event(said, rest, meta)
        event["uid"], event["service"] = uid_of(cursor), service
        if len(self.met) < _MET:
            self.met.add(service)
        if moment is not None:
            event["timestamp"] = timestamp(moment)
        event["meta_json"] = fit(meta)
        return event, clock

    def to_json(self, line: Line, cursor: str, origin: Origin, clock: Clock) -> tuple[bytes, Clock]:
        """The event as JSON, and the time in force behind the line."""
        event, clock = self.event(line, cursor, origin, clock)
        return orjson.dumps(event), clock

    def _prefixed(
        self, said: Message, line: Line, path: str, around: Around
    ) -> tuple[int | None, dict[str, str], str]:
        """The line's own time, the parts of its syslog prefix, and the text behind that."""
        if said.fields is not None:
            return time_in_json(said.fields, around), {}, said.text
        found = time_in_text(said.text, around)
        if found is None:
            return None, {}, said.text
        prefix = _PREFIX.match(said.text, found[1])
        if prefix is None or not self._is_syslog(said.text, prefix, path):
            return found[0], {}, said.text
        return found[0], prefix.groupdict(), said.text[prefix.end() :].lstrip()

    def _is_syslog(self, text: str, prefix: re.Match[str], path: str) -> bool:
        """Whether `host program:` is what it looks like, and not an application's own words."""
        host = prefix["host"]
        if host.upper() in SYNONYMS:
            return False
        ours = host.split(".")[0].lower() == self.host.split(".")[0].lower()
        named = _SYSLOG_FILES.match(os.path.basename(path))
        return text[0].isalpha() or ours or bool(prefix["pid"]) or bool(named)

    def _service(self, path: str, prefix: dict[str, str], meta: dict[str, Any]) -> str:
        if prefix.get("pid"):
            meta["pid"] = prefix["pid"]
        if prefix and prefix["host"] != self.host:
            meta["syslog_host"] = prefix["host"]
        for pattern, service in self._services.items():
            if matches(path, pattern):
                return service[:255]
        return prefix.get("program") or service_of_path(path)

    def _event(self, said: Message, rest: str, meta: dict[str, Any]) -> dict[str, Any]:
        level = (level_in_json(said.fields) if said.fields else None) or level_in_text(rest)
        level = level or Level.INFO
        code = error_code({}, said.fields, rest, level)
        trace, span = trace_and_span({}, said.fields, said.text)
        if self._rules.redact:
            said.text = redact(said.text)
            code = redact(code) if code else ""
            if said.fields:
                said.fields = redact_json(said.fields)
        event: dict[str, Any] = {
            "source": "file",
            "host": self.host,
            "level": level.value,
            "message": clipped(said, meta),
            "event_type": "log",
        }
        optional = {"trace_id": trace, "span_id": span, "error_code": code}
        return event | {name: value for name, value in optional.items() if value}


def _said(line: Line) -> Message:
    said = read_message({"MESSAGE": line.raw.removeprefix(b"\xef\xbb\xbf")})
    said.size = max(said.size, line.size)
    return said


@lru_cache(maxsize=4_096)
def service_of_path(path: str) -> str:
    """The service that a path speaks of: nginx for /var/log/nginx/error.log, app for app.log."""
    *folders, name = readable(as_text(path)).split("/")
    named = [one for one in folders if one not in _PLACES]
    whole = _EXTENSION.sub("", _DATE.sub("", name))
    if named and (folders[1:3] == ["var", "log"] or _KINDS.fullmatch(whole)):
        whole = named[0] if folders[1:3] == ["var", "log"] else named[-1]
    return (whole or name or "unknown")[:255]
