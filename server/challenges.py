"""Refusals that say how to come in: RFC 6750's challenges, and RFC 9728's metadata beside them."""

from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from server.problems import problem_response
from tools.access import SCOPES
from tools.errors import Forbidden

METADATA = "/.well-known/oauth-protected-resource"


def unauthorized(scope: Scope, headers: Headers, given: bool) -> Response:
    """401 for a caller without a token that is known here; a `given` one is said to be wrong."""
    why = {"error": "invalid_token"} if given else {}
    detail = "send Authorization: Bearer with a token of this server (devmesh token new)"
    ask = _challenge(scope, headers, why)
    return problem_response(401, "unauthorized", detail, {"WWW-Authenticate": ask})


def forbidden(scope: Scope, headers: Headers, needed: str) -> Response:
    """403 for a token without the scope that is needed."""
    ask = _challenge(scope, headers, {"error": Forbidden.code, "scope": needed})
    return problem_response(403, Forbidden.code, str(Forbidden(needed)), {"WWW-Authenticate": ask})


def _challenge(scope: Scope, headers: Headers, why: dict[str, str]) -> str:
    place = f"{METADATA}/mcp" if scope["path"] == "/mcp" else METADATA
    parts = {"realm": "devmesh", **why, "resource_metadata": _base(scope, headers) + place}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())


def _base(scope: Scope, headers: Headers) -> str:
    """Our address as the caller has it: a name that the guards know, and its port if any."""
    return f"{scope['scheme']}://{headers['host']}"


def add_metadata(app: FastAPI) -> None:
    """Serve what RFC 9728 lets clients know of us: which scopes there are, and how a token is sent.

    No authorization server is named, which the RFC allows: the tokens are made by
    `devmesh token new` and handed over by a person.
    """

    def told(request: Request, path: str) -> Response:
        about: dict[str, Any] = {
            "resource": _base(request.scope, request.headers) + path,
            "resource_name": "DevMesh",
            "scopes_supported": sorted(SCOPES),
            "bearer_methods_supported": ["header"],
        }
        return Response(orjson.dumps(about), media_type="application/json")

    @app.get(METADATA, include_in_schema=False)
    async def of_rest(request: Request) -> Response:
        return told(request, "")

    @app.get(f"{METADATA}/mcp", include_in_schema=False)
    async def of_mcp(request: Request) -> Response:
        return told(request, "/mcp")
