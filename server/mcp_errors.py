"""Our errors where MCP has no result to put them in: as JSON-RPC errors that say what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from tools.errors import BadArguments, DevMeshError, NotFound
from tools.plain import clean


@contextmanager
def told_by_protocol(**data: Any) -> Iterator[None]:
    """What the caller got wrong becomes INVALID_PARAMS, with each problem in the error's data.

    Raises:
        MCPError: for any error of ours.
    """
    try:
        yield
    except BadArguments as error:
        raise MCPError(
            INVALID_PARAMS, clean(str(error)), data | {"problems": error.problems}
        ) from error
    except NotFound as error:
        raise MCPError(INVALID_PARAMS, clean(str(error)), data or None) from error
    except DevMeshError as error:
        message = clean(f"{error.code}: {error}")
        raise MCPError(INTERNAL_ERROR, message, data | {"code": error.code}) from error
