"""Whether our server answers where callers look for it, or its port is free."""

import asyncio
import socket
from urllib.parse import urlsplit

from server.checks import Finding
from server.own_address import address_of, own_address, own_shipping, reachable
from server.settings import ServerSettings
from shipper.settings import ShipperSettings

_SECONDS = 5.0


async def server(settings: ServerSettings) -> list[Finding]:
    """Asks /health; where nobody answers, whether the port could be listened at."""
    import httpx2

    url = address_of(settings)
    own = own_shipping(settings, None) if url == own_address(settings) else ShipperSettings()
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, verify=own.trust) as client:
            answer = await client.get(f"{url.rstrip('/')}/health")
            said = answer.json()
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        return await _nobody(url, settings)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return _stranger(url, settings)
    if not isinstance(said, dict) or "status" not in said:
        return _stranger(url, settings)
    text = f"{url} answers: {said['status']}"
    if answer.status_code == 200:
        return [Finding("server", "ok", text)]
    return [Finding("server", "warn", text, f"curl -s {url}/health")]


async def _nobody(url: str, settings: ServerSettings) -> list[Finding]:
    parts = urlsplit(url)
    own = reachable(settings.host).strip("[]")
    if parts.hostname != own or (parts.port or settings.port) != settings.port:
        return [Finding("server", "fail", f"nobody answers at {url}", f"curl -sv {url}/health")]
    try:
        await asyncio.to_thread(_tried, own, settings.port)
    except OSError as error:
        text = f"{url} does not answer and cannot be listened at: {error.strerror}"
        return [Finding("server", "fail", text, f"ss -ltnp 'sport = :{settings.port}'")]
    text = f"not running; port {settings.port} is free"
    return [Finding("server", "warn", text, "devmesh up")]


def _tried(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()


def _stranger(url: str, settings: ServerSettings) -> list[Finding]:
    text = f"another program answers at {url}"
    return [Finding("server", "fail", text, f"DEVMESH_PORT={settings.port + 1} devmesh up")]
