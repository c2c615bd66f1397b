"""What MCP clients may read by a URI: one event, what there is, and how answers are made."""

import json
from urllib.parse import unquote

from mcp_types import ReadResourceResult, Resource, ResourceTemplate, TextResourceContents

from server.mcp_tools import MAX_ROWS, Opens, model_tool, model_tools
from tools.answers import some
from tools.errors import NotFound
from tools.filters import service_names
from tools.levels import Level
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.plain import clean
from tools.ports import Deps, Filter
from tools.query_metrics import QUERY_METRICS, Point
from tools.records import Event
from tools.tool import AnyTool, untitled

_SCHEME = "devmesh://"
_JSON = "application/json"
_MOST = 1_000
_HOUR, _SECONDS = 3_600_000, 10_000
"""Milliseconds for which a client may keep what never changes, and what does."""


def _resource(name: str, title: str, description: str) -> Resource:
    uri = f"{_SCHEME}{name}"
    return Resource(uri=uri, name=name, title=title, description=description, mime_type=_JSON)


def _template(path: str, title: str, description: str) -> ResourceTemplate:
    return ResourceTemplate(
        uri_template=f"{_SCHEME}{path}",
        name=path.partition("/")[0],
        title=title,
        description=description,
        mime_type=_JSON,
    )


RESOURCES = (
    _resource("services", "Services", "Every service, with its number of events; the most first."),
    _resource("hosts", "Hosts", "Every host: when it was last heard, and how far behind it is."),
    _resource("schema", "Schema", "The fields of events and metric points, and the levels."),
)

TEMPLATES = (
    _template("logs/{id}", "One log event", "A whole event; the id is the #id of an answer."),
    _template("services/{service}", "One service", "What it logged in the last day, by pattern."),
    _template("hosts/{host}", "One host", "What it logged in the last day, by service."),
    _template("metrics/{metric}", "One metric", "Its newest points."),
    _template("schema/{tool}", "One tool", "All that a tool takes, and the form of its answer."),
)

_VIEWS: dict[str, tuple[AnyTool, str, dict[str, str]]] = {
    "services": (LOG_PATTERNS, "service", {"start_time": "1d"}),
    "hosts": (LOG_STATS, "host", {"start_time": "1d", "group_by": "service"}),
    "metrics": (QUERY_METRICS, "name", {}),
}
"""What a name in the store shows: the answer of a tool."""


async def read(uri: str, opens: Opens) -> ReadResourceResult:
    """The resource as JSON in ASCII, in which nothing is left that acts on a terminal.

    Raises:
        NotFound: when there is no such resource, or no longer.
    """
    kind, _, rest = uri.removeprefix(_SCHEME).partition("/")
    name = unquote(rest)
    keep = _SECONDS
    if not uri.startswith(_SCHEME):
        raise _missing(uri)
    if kind == "schema":
        content, keep = _tool_schema(name) if rest else _schema(), _HOUR
    elif kind == "logs" and name.isascii() and name.isdecimal() and len(name) < 20:
        content, keep = await _event(int(name), await opens()), _HOUR
    elif kind in _VIEWS and rest:
        content = await _view(kind, name, await opens())
    elif kind in {"services", "hosts"} and not rest:
        deps = await opens()
        content = await (_services(deps) if kind == "services" else _hosts(deps))
    else:
        raise _missing(uri)
    text = TextResourceContents(uri=uri, mime_type=_JSON, text=json.dumps(content))
    scope = "public" if kind == "schema" else "private"
    return ReadResourceResult(contents=[text], ttl_ms=keep, cache_scope=scope)


def _missing(uri: str) -> NotFound:
    forms = [one.uri for one in RESOURCES] + [one.uri_template for one in TEMPLATES]
    return NotFound(f"there is no resource {uri[:200]!r}; there are {', '.join(forms)}")


async def _event(key: int, deps: Deps) -> object:
    event = await deps.store.event(key) if key < 2**63 else None
    if event is None:
        raise NotFound(f"there is no event #{key}")
    shown = event.model_copy(update={"message": clean(event.message)})
    return shown.model_dump(mode="json", exclude_none=True)


async def _services(deps: Deps) -> object:
    rows = await deps.store.count_by(Filter(), "service", None, _MOST + 1)
    services = [{"service": row.name, "events": row.count} for row in rows[:_MOST]]
    return {"services": services, "complete": len(rows) <= _MOST}


async def _hosts(deps: Deps) -> object:
    coverage = await deps.store.coverage(Filter())
    return coverage.model_dump(mode="json", exclude_none=True)


async def _view(kind: str, name: str, deps: Deps) -> object:
    known = getattr(await deps.store.catalogue(), kind)
    names = service_names(name) if kind == "services" else (name,)
    if not {one.lower() for one in names} & {one.lower() for one in known}:
        raise NotFound(f"no {kind[:-1]} is named {name[:200]!r}; known: {some(known)}")
    tool, argument, more = _VIEWS[kind]
    page = await tool.call({argument: name, **more}, deps)
    return page.model_dump(mode="json", exclude_none=True)


def _schema() -> object:
    return {
        "event": untitled(Event.model_json_schema(mode="serialization")),
        "metric_point": untitled(Point.model_json_schema(mode="serialization")),
        "levels": [level.value for level in Level],
        "tools": {tool.name: f"{_SCHEME}schema/{tool.name}" for tool in model_tools()},
    }


def _tool_schema(name: str) -> object:
    tool = model_tool(name)
    answer = untitled(tool.gives.model_json_schema(mode="serialization"))
    return {"name": name, "arguments": tool.schema(MAX_ROWS), "answer": answer}
