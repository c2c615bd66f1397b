"""Our errors as MCP tells them: in words, and as JSON-RPC errors where there is no result."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST

from tools.errors import BadArguments, DevMeshError, Forbidden, NotFound
from tools.plain import clean, one_line

_log = logging.getLogger(__name__)

UNEXPECTED = "an unexpected failure; the server's log has it"
"""All that a caller is told of a mistake of ours."""

_TOLD = 20
_VALUE_CHARS = 120


def in_words(error: DevMeshError) -> str:
    """What is wrong; of arguments, each with its rule and what was given."""
    if not isinstance(error, BadArguments):
        return clean(str(error))
    told = [_problem(one) for one in error.problems[:_TOLD]]
    more = len(error.problems) - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)


def _problem(one: dict[str, Any]) -> str:
    words = clean(f"{one['field']}: {one['rule']}")
    value = one.get("value")
    return words if value is None else f"{words} (given: {one_line(str(value), _VALUE_CHARS)})"


@contextmanager
def told_by_protocol(**data: Any) -> Iterator[None]:
    """What the caller got wrong becomes INVALID_PARAMS, with each problem in the error's data;
    what its token does not allow, INVALID_REQUEST.

    Raises:
        MCPError: for any error.
    """
    try:
        yield
    except BadArguments as error:
        raise MCPError(
            INVALID_PARAMS, in_words(error), data | {"problems": error.problems}
        ) from error
    except NotFound as error:
        raise MCPError(INVALID_PARAMS, in_words(error), data or None) from error
    except Forbidden as error:
        raise MCPError(INVALID_REQUEST, str(error), data or None) from error
    except DevMeshError as error:
        message = f"{error.code}: {in_words(error)}"
        raise MCPError(INTERNAL_ERROR, message, data | {"code": error.code}) from error
    except Exception as error:
        _log.exception("unexpected failure")
        raise MCPError(INTERNAL_ERROR, UNEXPECTED, data or None) from error
