"""Syslog messages as RFC 3164 describes them, and as devices really send them.

Nothing is demanded: what is not recognised stays in the message. The forms are those of BSD and
rsyslog relays, Cisco IOS, ASA and NX-OS, OpenWrt, UniFi and RouterOS.
"""

import re

from shipper.syslog_parts import HIGHEST_PRI, Parts, text_of
from shipper.syslog_times import MONTHS, Stamp, micros, offset_of

_PRI = re.compile(rb"<(0|[1-9]\d{0,2})>")

_CLOCK = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_DAY = rb"(?P<month>" + b"|".join(MONTHS) + rb") {1,2}(?P<day>\d{1,2})(?: (?P<year>\d{4}))?"
_BSD = _DAY + rb" " + _CLOCK
_STAMPS = (
    re.compile(_BSD + rb"(?: (?P<offset>[A-Z]{1,5}))? (?P<late_year>(?:19|20)\d\d)(?= )"),
    re.compile(_BSD + rb"(?=[ :]|\Z)"),
    re.compile(
        rb"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T ]"
        + _CLOCK
        + rb"(?P<offset>Z| ?[+-]\d\d:?\d\d)?(?=[ :]|\Z)"
    ),
)
_CISCO = re.compile(
    rb":? ?(?:(?P<count>\d{1,10}): )?(?:(?P<host>[A-Za-z0-9][\w.-]*+): )?"
    rb"(?:(?P<sequence>\d{1,10}): )?[*.]?(?P<stamp>(?:(?P<early_year>\d{4}) )?"
    + _BSD
    + rb"(?: (?P<offset>[A-Z]{1,5}|[+-]\d\d:?\d\d))?): *"
)
_HOST = re.compile(
    rb" ++(?!last message repeated |message repeated |-- MARK)"
    rb"(?P<host>[0-9A-Za-z](?:[\w.:%-]*[\w.-])?)(?: :)? (?=.)",
    re.DOTALL,
)
_FORWARDED = re.compile(rb" ++Message forwarded from (?P<host>[^\s:]++): ?")
_SPACES = re.compile(rb":? *+")
_UNIFI = re.compile(rb'\(?"?(?P<device>(?:[\w.-]++,)?[0-9a-f]{12},v?[\w.+-]++)"?\)?:? ++')
_TAG = re.compile(
    rb"(?P<app>(?=[^\s:\[]*[A-Za-z])[\w./@%+()#*$&~-]{1,128})"
    rb"(?:\[(?P<pid>[^\]\s]{0,128})\]:|\[(?P<number>\d{1,10})\](?=[ ])|:(?=[ ]|\Z)) ?"
)
_TOPICS = re.compile(
    rb"(?P<topics>(?=[a-z0-9,!-]*(?:info|warning|error|critical|debug)\b)"
    rb"[a-z0-9-]++(?:,!?[a-z0-9-]++)++) "
)
_MNEMONIC = re.compile(rb"%([A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*?)-([0-7])-(\w+)")


def parse_3164(raw: bytes) -> Parts:
    """The parts of any message at all; at worst the whole of it is the text."""
    parts = Parts("rfc3164", raw)
    pri = _PRI.match(raw)
    at = 0
    if pri and int(pri[1]) <= HIGHEST_PRI:
        parts.take_pri(int(pri[1]))
        at = pri.end()
    at = _tag(raw, _header(raw, at, parts), parts)
    parts.message = raw[at:]
    return parts


def _header(raw: bytes, at: int, parts: Parts) -> int:
    """Take the stamp and the host; where they end. There is no host without a stamp."""
    if cisco := _CISCO.match(raw, at):
        _take_stamp(cisco, parts)
        parts.host = text_of(cisco["host"] or b"")
        if number := cisco["sequence"] or cisco["count"]:
            parts.extra["sequence"] = text_of(number)
        return cisco.end()
    start = _SPACES.match(raw, at)
    at = start.end() if start else at
    for form in _STAMPS:
        if found := form.match(raw, at):
            _take_stamp(found, parts)
            return _host(raw, found.end(), parts)
    return at


def _host(raw: bytes, at: int, parts: Parts) -> int:
    """Take the host, unless the tag comes at once as BSD and HAProxy have it."""
    host = _FORWARDED.match(raw, at) or _HOST.match(raw, at)
    if host:
        parts.host = text_of(host["host"])
        at = host.end()
    elif spaces := _SPACES.match(raw, at):
        at = spaces.end()
    if unifi := _UNIFI.match(raw, at):
        parts.extra["device"] = text_of(unifi["device"])
        at = unifi.end()
    return at


def _tag(raw: bytes, at: int, parts: Parts) -> int:
    """Take the tag; where the text begins. A bare word is text: "Use the BFG!" has no tag."""
    if tag := _TAG.match(raw, at):
        parts.app = text_of(tag["app"])
        parts.procid = text_of(tag["pid"] or tag["number"] or b"")
        if mnemonic := _MNEMONIC.fullmatch(tag["app"]):
            parts.app = text_of(mnemonic[1])
            parts.msgid = parts.app + text_of(tag["app"][len(mnemonic[1]) + 1 :])
            if parts.severity is None:
                parts.severity = int(mnemonic[2])
        return tag.end()
    if topics := _TOPICS.match(raw, at):
        parts.extra["topics"] = text_of(topics["topics"])
        parts.app = parts.extra["topics"].split(",")[0]
        return topics.end()
    return at


def _take_stamp(found: re.Match[bytes], parts: Parts) -> None:
    given = {name: value for name, value in found.groupdict().items() if value is not None}
    year = given.get("early_year") or given.get("year") or given.get("late_year")
    month, zone = given["month"], given.get("offset", b"").strip()
    parts.stamp = Stamp(
        text_of(found[0]).strip(" :*."),
        int(year) if year else None,
        int(month) if month.isdigit() else MONTHS.index(month) + 1,
        int(given["day"]),
        (
            int(given["hour"]),
            int(given["minute"]),
            int(given["second"]),
            micros(given.get("fraction")),
        ),
        offset_of(zone),
    )
    if zone and parts.stamp.offset is None:
        parts.extra["zone"] = text_of(zone)  # such as CST, which is several
