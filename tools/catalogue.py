"""Every tool, in the order in which doors list them."""

from tools.errors import NotFound
from tools.ingest_logs import INGEST_LOGS
from tools.ingest_metrics import INGEST_METRICS
from tools.log_context import LOG_CONTEXT
from tools.log_patterns import LOG_PATTERNS
from tools.log_stats import LOG_STATS
from tools.query_logs import QUERY_LOGS
from tools.query_metrics import QUERY_METRICS
from tools.similar_logs import SIMILAR_LOGS
from tools.tool import AnyTool

TOOLS: tuple[AnyTool, ...] = (
    QUERY_LOGS,
    SIMILAR_LOGS,
    LOG_STATS,
    LOG_PATTERNS,
    LOG_CONTEXT,
    QUERY_METRICS,
    INGEST_LOGS,
    INGEST_METRICS,
)


def tool_named(name: str) -> AnyTool:
    """The tool of that name.

    Raises:
        NotFound: listing the names that exist.
    """
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise NotFound(f"no tool named {name!r}; there are {', '.join(tool.name for tool in TOOLS)}")
