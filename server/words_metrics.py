"""The metric, and the labels of its points, that a question speaks of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from server.words_moment import blot

_UNIT_WORDS = """
celsius fahrenheit percent percentage bytes byte seconds second ms milliseconds total ratio count
gauge info bits kib mib gib mb gb kb watts volts amps kbps mbps gbps
bps kwh dbm db ppm lux hpa rpm per node system current hz pct c s
"""
_UNITS = frozenset(_UNIT_WORDS.split())
"""Words of a metric's name that say the unit, not the thing."""

_ALSO = {
    "temperature": ("temp", "temps", "temperatures", "hot", "cold", "warm", "heat", "hotter"),
    "temp": ("temperature", "temps", "temperatures", "hot", "cold", "warm", "heat", "hotter"),
    "humidity": ("humid", "damp"),
    "used": ("usage", "use", "full", "fill", "utilization", "utilisation", "consumption", "usages"),
    "usage": ("used", "use", "utilization", "utilisation", "load", "consumption"),
    "utilization": ("utilisation", "usage", "use", "used", "load", "busy", "util"),
    "free": ("available", "left", "remaining", "space", "full"),
    "available": ("free", "left", "remaining"),
    "memory": ("mem", "ram"),
    "mem": ("memory", "ram"),
    "duration": ("latency", "latencies", "time", "durations", "slow", "took", "speed"),
    "latency": ("duration", "latencies", "slow", "delay"),
    "requests": ("request", "traffic", "reqs"),
    "request": ("requests",),
    "disk": ("disks", "drive", "storage", "filesystem"),
    "filesystem": ("disk", "fs"),
    "network": ("net", "nic"),
    "rx": ("received", "receive", "incoming", "inbound", "download"),
    "tx": ("sent", "transmitted", "send", "outgoing", "outbound", "upload"),
    "receive": ("received", "rx", "incoming", "inbound"),
    "transmit": ("transmitted", "tx", "sent", "outgoing", "outbound"),
    "depth": ("length", "size", "backlog"),
    "power": ("wattage", "consumption"),
    "load": ("busy", "usage", "utilization", "utilisation"),
    "util": ("utilization", "utilisation", "usage", "use", "load", "busy"),
    "throughput": ("bandwidth", "traffic"),
    "bandwidth": ("throughput", "traffic"),
    "lag": ("delay", "behind"),
    "load1": ("load",), "load5": ("load",), "load15": ("load",),
    "connections": ("connection", "conns"),
    "errors": ("error",),
    "cpu": ("processor", "cpus"),
    "gpu": ("gpus",),
    "battery": ("batteries",),
}  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+", re.I)
_LABEL = re.compile(
    r"\b(?:labels?\s+)?(?P<key>[a-z_][\w.]{0,40})\s*(?:=|"
    r"==)\s*[\"']?(?P<value>[^\s,\"'}{)]+)[\"']?",
    re.I,
)
_LABEL_IS = re.compile(
    r"\b(?:label|tag)(?:led|ged|s)?\s+(?P<key>[a-z_]\w{0,40})\s+(?:is|equals|of|set\s+to|"
    r":)\s*(?P<value>[\w./:-]+)",
    re.I,
)
_ARGUMENT_WORDS = """
id event event_id trace before after scope
service host level severity min_level name metric interval aggregate limit start_time end_time
source trace_id error_code event_type contains text order start end from to since until unit
machine step group_by q
"""
_ARGUMENTS = frozenset(_ARGUMENT_WORDS.split())


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics that the words fit equally well, and how much of the name they say, 0 to 1."""

    names: tuple[str, ...] = ()
    share: float = 0.0

    @property
    def said(self) -> bool:
        """Whether the question speaks of the metric whatever else it says."""
        return self.share >= 0.85


def written_metric(question: str, names: Sequence[str]) -> tuple[Measured, str]:
    """The metric whose whole name is written, and the question without it."""
    for name in sorted(names, key=len, reverse=True):
        parts = "[\\s_.-]".join(map(re.escape, re.split(r"[\s_.-]", name)))
        match = re.search(rf"(?<![\w-]){parts}(?![\w-])", question, re.I)
        if match and len(name) > 3:
            return Measured((name,), 1.0), blot(question, match.span())
    return Measured(), question


def find_metric(question: str, names: Sequence[str]) -> Measured:
    """The metric spoken of by words of its name and their like."""
    words = [word.lower() for word in _WORD.findall(question)]
    shares = {name: _share(name, words) for name in names}
    best = max(shares.values(), default=0.0)
    if best < 0.45:
        return Measured()
    return Measured(tuple(name for name, share in shares.items() if share == best), best)


def _share(name: str, words: list[str]) -> float:
    """How much of a metric's name the words say; more than one word of two must be there."""
    parts = [part for part in _WORD.findall(name.replace("_", " ").lower()) if part not in _UNITS]
    units = [part for part in _WORD.findall(name.replace("_", " ").lower()) if part in _UNITS]
    if not parts:
        parts, units = units, []
    said = sum(_said(part, words) for part in parts)
    bonus = 0.02 * sum(unit in words for unit in units)
    return said / max(1, len(parts)) + (bonus if said else 0.0)


def _said(part: str, words: list[str]) -> float:
    if part in words:
        return 1.0
    also = _ALSO.get(part, ())
    if any(word in also for word in words):
        return 0.9
    long = [word for word in words if len(word) >= 5 and len(part) >= 5]
    if any(word.rstrip("s") == part.rstrip("s") for word in words if len(word) > 3):
        return 0.95
    if len(part) > 3 and any(word in {f"{part}ing", f"{part}ed", f"{part}er"} for word in words):
        return 0.9
    return 0.85 if any(OSA.distance(word, part) <= 1 for word in long) else 0.0


def find_labels(question: str, written: str) -> tuple[dict[str, str], str]:
    """Labels given as key=value, other than the arguments of tools; the question without them.

    `written` is the question with its quotations: a value in quotation marks is read there.
    """
    found: dict[str, str] = {}
    rest = question
    for pattern in (_LABEL, _LABEL_IS):
        for match in pattern.finditer(rest):
            value = written[slice(*match.span("value"))].strip("\"'`“”")
            if match["key"].lower() not in _ARGUMENTS and "¤" not in value:
                found[match["key"]] = value
                rest = blot(rest, match.span())
    return found, rest
