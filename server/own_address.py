"""Where this machine reaches the server that the settings describe."""

from server.settings import ServerSettings
from shipper.settings import ShipperSettings


def reachable(host: str) -> str:
    """The host of a URL for an address that is listened at."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def address_of(settings: ServerSettings) -> str:
    """The server's URL: the one that shippers are told, else by its own host and port."""
    shipping = ShipperSettings()
    if "server_url" in shipping.model_fields_set:
        return shipping.server_url
    return f"http://{reachable(settings.host)}:{settings.port}"
