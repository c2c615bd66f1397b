"""The error code of an entry: from its fields, from a JSON message, or from the text."""

import errno
import re
from typing import Any

from shipper.fields import Entry, first
from shipper.glance import glance
from tools.levels import Level

_ERRNO_NAMES = frozenset(errno.errorcode.values())
_FINE = frozenset(("", "0", "ok", "success", "none", "null", "done"))
_GRAVE = frozenset((Level.ERROR, Level.CRITICAL, Level.FATAL))

_ERRNO_NAME = re.compile(r"E(?<!\wE)[A-Z0-9]{2,15}(?!\w)")
_ERRNO_NUMBER = re.compile(r"rrno[\"']?[ =:]{1,3}(\d{1,3})(?!\d)|RRNO[ =:]{1,3}(\d{1,3})(?!\d)")
_NGINX_NUMBER = re.compile(r"\((\d{1,3}): [A-Z][a-z]")
_REASONS = (
    "Internal Server Error|Not Implemented|Bad Gateway|Service (?:Temporarily )?Unavailable"
    "|Gateway Time-?out|HTTP Version Not Supported|Insufficient Storage|Loop Detected"
)
_HTTP = re.compile(
    r"HTTP/[\d.]{1,3}\"?[ :]{1,2}(5\d\d)(?!\d)"
    r"|\bHTTP(?:[ _-]?(?:status|error|code|response)){0,2}[ =:]{1,2}(5\d\d)(?!\d)"
    r"|\bstatus(?:[ _-]?code)?[\"']?(?: of| was| is)?[ =:]{1,3}[\"']?(5\d\d)(?!\d)"
    rf"|(?<!\d)(5\d\d) (?:{_REASONS})",
    re.IGNORECASE,
)
_VENDOR = re.compile(
    r"SQLSTATE[\[:= (]{1,3}([0-9A-Z]{5})(?!\w)|(?<!\w)(ORA-\d{4,5}|AH\d{5}|MY-\d{6})(?!\w)"
)
_EXIT = re.compile(
    r"\bstatus=(\d{1,3})(?!\d)|\bexit(?:ed)?(?: with)?(?: code| status)[ =:]{1,2}(\d{1,3})(?!\d)"
)


def error_code(entry: Entry, fields: dict[str, Any] | None, text: str, level: Level) -> str:
    """The code in at most 50 characters, '' when none is known."""
    code = _from_fields(entry) or (_from_json(fields) if fields else "")
    if not code and level is not Level.DEBUG:
        code = _from_text(text, level)
    return code[:50]


def _from_fields(entry: Entry) -> str:
    if "ERRNO" in entry and (name := _errno_name(first(entry, "ERRNO"))):
        return name
    if "UNIT_RESULT" not in entry and "JOB_RESULT" not in entry:
        return ""
    result = first(entry, "UNIT_RESULT")
    if result in ("", "success"):
        result = first(entry, "JOB_RESULT")
    if result in ("", "done", "success"):
        return ""
    status = first(entry, "EXIT_STATUS")
    return f"{result}:{status}" if status else result


def _from_json(fields: dict[str, Any]) -> str:
    nested = fields.get("error") or fields.get("err")
    inner = nested.get("code") if isinstance(nested, dict) else None
    for value in (fields.get("error_code"), fields.get("errorCode"), fields.get("code"), inner):
        if code := _json_code(value):
            return code
    for key in ("status", "status_code", "statusCode", "http_status"):
        if code := _json_code(fields.get(key), any_text=False):
            return code
    return ""


def _json_code(value: object, any_text: bool = True) -> str:
    """A code as text; of HTTP's numbers only 5xx is one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    if text.isascii() and text.isdigit() and len(text) == 3:
        return f"HTTP_{text}" if text[0] == "5" else ""
    return text if any_text and text.lower() not in _FINE else ""


def _from_text(text: str, level: Level) -> str:
    seen = glance(text)
    if not seen:
        return ""
    if "errno" in seen and (named := _named_errno(text)):
        return named
    if "5xx" in seen and (status := _HTTP.search(text)):
        return f"HTTP_{status[status.lastindex or 0]}"
    if "vendor" in seen and (vendor := _VENDOR.search(text)):
        return vendor[2] or f"SQLSTATE_{vendor[1]}"
    if "errno number" in seen and (code := _from_number(text)):
        return code
    return _exit_code(text) if level in _GRAVE and "exit status" in seen else ""


def _named_errno(text: str) -> str:
    return next((name for name in _ERRNO_NAME.findall(text) if name in _ERRNO_NAMES), "")


def _from_number(text: str) -> str:
    seen = _ERRNO_NUMBER.search(text) or _NGINX_NUMBER.search(text)
    return _errno_name(seen[seen.lastindex or 0]) if seen else ""


def _exit_code(text: str) -> str:
    seen = _EXIT.search(text)
    number = int(seen[1] or seen[2]) if seen else 0
    return f"EXIT_{number}" if 0 < number < 256 else ""


def _errno_name(text: str) -> str:
    number = text.strip().lstrip("-")
    return errno.errorcode.get(int(number), "") if number.isdecimal() and len(number) < 6 else ""
