"""The services, hosts and metrics that a question names, found for its evidence."""

import re
from dataclasses import replace

from server.evidence import Evidence
from server.words_metrics import find_metric, written_metric
from server.words_moment import blot
from server.words_name_index import spoken
from server.words_named import Named
from server.words_names import find_name, unknown_name
from server.words_unknown import unknown_in
from tools.ports import Catalogue

_COMPARES = re.compile(
    r"\b(?:more|fewer|less|most|worse|worst|busier|noisier|louder|compar(?:e|ed|ing)|versus|vs|"
    r"difference)\b",
    re.I,
)
_WRITTEN = 0.93
"""A name fits at least so well when the whole of it was written."""


def written_names(found: Evidence, rest: str, names: Catalogue) -> str:
    """Finds the names written out; the request without them, as nothing else is read from them."""
    found.metric, rest = written_metric(rest, names.metrics)
    service = find_name(rest, names.services)
    host = find_name(rest, names.hosts, host=True)
    if service.span == host.span and service.sure and host.sure:
        service, host = _either(rest, service, host)
    elif _within(service.span, host.span):  # db of prod-db-1
        service = find_name(blot(rest, host.span), names.services)
    elif _within(host.span, service.span):
        host = find_name(blot(rest, service.span), names.hosts, host=True)
    for kind, named in (("service", service), ("host", host)):
        if named.sure >= _WRITTEN:
            setattr(found, kind, named)
            rest = blot(rest, named.span)
    return rest


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    """Whether the words of one name are a part of another's."""
    return outer[0] <= inner[0] < inner[1] <= outer[1] and inner != outer


def _either(rest: str, service: Named, host: Named) -> tuple[Named, Named]:
    """Of two names that the same words fit, the better; of equals, what the preposition says."""
    on = rest[: host.span[0]].lower().split()[-2:]
    if host.sure > service.sure or (
        host.sure == service.sure and {"on", "host", "machine", "box"} & set(on)
    ):
        return Named(), host
    return service, Named()


def other_names(found: Evidence, rest: str, names: Catalogue) -> None:
    """Finds the metric, and names of which a part is said, where nothing else was read from."""
    if not found.metric.names:
        found.metric = find_metric(rest, names.metrics)
    service = Named() if found.service.names else find_name(rest, names.services)
    host = Named() if found.host.names else find_name(rest, names.hosts, host=True)
    if service.span == host.span and service.sure and host.sure:
        service, host = _either(rest, service, host)
    if found.metric.said:  # its words name nothing else
        metric_words = {word for name in found.metric.names for word in spoken(name).split()}
        service = Named() if _said(rest, service) & metric_words else service
        host = Named() if _said(rest, host) & metric_words else host
    found.service = found.service if found.service.names else service
    found.host = found.host if found.host.names else host


def compared_places(found: Evidence) -> None:
    """Two services or hosts that are compared are counted side by side: no filter takes both."""
    if not _COMPARES.search(found.request):
        return
    for kind, named in (("host", found.host), ("service", found.service)):
        if named.together and not found.counting.group_by:
            found.counting = replace(found.counting, asked=True, group_by=kind)
            setattr(found, kind, Named(span=named.span))


def unknown_place(found: Evidence, names: Catalogue) -> tuple[str, str] | None:
    """What the question calls a service or a host although the store knows no such name."""
    if found.event:
        return None
    unknown = unknown_in(found.rest, names)
    if unknown and (unknown.beside or not getattr(found, unknown.kind).names):
        return unknown.kind, unknown.name
    if found.counting.group_by:
        return None
    for kind, named, host in (("service", found.service, False), ("host", found.host, True)):
        word = None if named.names else unknown_name(found.rest, host)
        if word:
            return kind, word
    return None


def _said(rest: str, named: Named) -> set[str]:
    return set(rest[named.span[0] : named.span[1]].lower().split())
