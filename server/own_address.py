"""Where this machine reaches the server that the settings describe, and how it knows it."""

import ssl

from pydantic import SecretStr

from server.settings import ServerSettings
from shipper.settings import ShipperSettings


def reachable(host: str) -> str:
    """The host of a URL for an address that is listened at."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def own_address(settings: ServerSettings) -> str:
    """The URL by host and port."""
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{reachable(settings.host)}:{settings.port}"


def address_of(settings: ServerSettings) -> str:
    """The server's URL: the one that shippers are told, else its own."""
    shipping = ShipperSettings()
    told = "server_url" in shipping.model_fields_set
    return shipping.server_url if told else own_address(settings)


class _OwnShipping(ShipperSettings):
    """Ships to our own server, which is known by its certificate and not by its name."""

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """Our own certificate, whatever names it has and whoever has signed it."""
        if self.tls_ca is None:
            return True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(self.tls_ca)
        return context


def own_shipping(settings: ServerSettings, token: str | None) -> ShipperSettings:
    """How this machine ships to its own server, or only asks it something."""
    return _OwnShipping(
        server_url=own_address(settings),
        token=SecretStr(token) if token else None,
        token_file=None,
        tls_ca=settings.tls_cert,
        state_dir=settings.state_dir,
    )
