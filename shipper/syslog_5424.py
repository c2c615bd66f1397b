"""Syslog messages as RFC 5424 lays them out."""

import re

from shipper.syslog_parts import HIGHEST_PRI, Elements, Parts, text_of
from shipper.syslog_times import Stamp, micros, offset_of

_HEADER = re.compile(rb"<(\d{1,3})>1 (\S++) (\S++) (\S++) (\S++) (\S++)(?: |\Z)")
_STAMP = re.compile(
    rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)"
)
_PARAM = rb' ++([^\s="\]]++)="((?:[^"\\]|\\.)*+)"'
_ELEMENT = re.compile(rb'\[([^\s="\]]++)((?:' + _PARAM + rb")*+) *+\]", re.DOTALL)
_PARAMS = re.compile(_PARAM, re.DOTALL)
_ESCAPE = re.compile(rb'\\(["\\\]])')
_NIL = b"-"
_BOM = b"\xef\xbb\xbf"


def parse_5424(raw: bytes) -> Parts | None:
    """The parts, or None for a message that is not of this layout.

    Lenient where nothing is lost by it: fields may be longer than the RFC has them, and
    structured data that is malformed is left in the message.
    """
    header = _HEADER.match(raw)
    if header is None or int(header[1]) > HIGHEST_PRI:
        return None
    stamp = _stamp(header[2])
    if stamp is None and header[2] != _NIL:
        return None
    host, app, procid, msgid = ("" if one == _NIL else text_of(one) for one in header.groups()[2:])
    data, at = _structured_data(raw, header.end())
    message = raw[at:].removeprefix(_BOM)
    parts = Parts("rfc5424", message, None, None, stamp, host, app, procid, msgid, data)
    parts.take_pri(int(header[1]))
    return parts


def _stamp(text: bytes) -> Stamp | None:
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    clock = (hour, minute, second, micros(found[7]))
    return Stamp(text_of(text), year, month, day, clock, offset_of(found[8]))


def _structured_data(raw: bytes, at: int) -> tuple[Elements, int]:
    """The elements, and where the message begins."""
    if raw[at : at + 2] in (b"-", b"- "):
        return {}, at + 2
    data: Elements = {}
    end = at
    while element := _ELEMENT.match(raw, end):
        params = data.setdefault(text_of(element[1]), {})
        for name, value in _PARAMS.findall(element[2]):
            _put(params, text_of(name), text_of(_ESCAPE.sub(rb"\1", value)))
        end = element.end()
    if raw[end : end + 1] in (b"", b" "):
        return data, end + 1
    return {}, at


def _put(params: dict[str, str | list[str]], name: str, value: str) -> None:
    held = params.get(name)
    if held is None:
        params[name] = value
    else:
        params[name] = [*held, value] if isinstance(held, list) else [held, value]
