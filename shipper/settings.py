"""What a shipper is told by its environment. The only file here that reads it."""

import os
import ssl
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shipper.batches import Limits
from tools.errors import BadArguments

NO_TOKEN = "none"  # noqa: S105
"""What a token file says that stands for no token: a credential of systemd's cannot be empty."""


def default_state_dir() -> Path:
    """Where positions and dead letters are kept: the system's place for root, else the user's."""
    if os.geteuid() == 0:
        return Path("/var/lib/devmesh")
    return Path(platformdirs.user_state_dir("devmesh"))


class ServiceSettings(BaseSettings):
    """What every service of ours is told, by its user or by systemd."""

    model_config = SettingsConfigDict(env_prefix="DEVMESH_", extra="ignore", frozen=True)

    token: SecretStr | None = Field(
        None, min_length=1, description="Bearer token between server and callers."
    )
    token_file: Path | None = Field(
        None, description="A file that holds the token, as systemd's LoadCredential= gives it."
    )
    tls_ca: Path | None = Field(
        None, description="The authority behind an https:// server's certificate, in PEM."
    )
    notify_socket: str | None = Field(None, validation_alias="NOTIFY_SOCKET")
    watchdog_usec: int | None = Field(None, validation_alias="WATCHDOG_USEC")

    @property
    def bearer_token(self) -> str | None:
        """The token, from the file if one is named and does not say that there is none.

        Raises:
            BadArguments: for a file that cannot be read or holds nothing.
        """
        named = _token_in(self.token_file) if self.token_file is not None else NO_TOKEN
        if named != NO_TOKEN:
            return named
        return self.token.get_secret_value() if self.token is not None else None


class ShipperSettings(ServiceSettings):
    """The settings of `devmesh ship`, from DEVMESH_* variables."""

    server_url: str = Field("http://127.0.0.1:8000", description="Where the server answers.")
    state_dir: Path = Field(default_factory=default_state_dir)
    ship_batch_entries: int = Field(500, ge=1, le=10_000)
    ship_batch_bytes: int = Field(1024 * 1024, ge=1024)
    ship_batch_seconds: float = Field(1.0, ge=0, le=60)
    ship_user_units_as_session: bool = Field(
        False, description="Name a user's unit by its session, e.g. user@1000.service."
    )
    ship_redact: bool = Field(True, description="Mask secrets before a line leaves the host.")
    ship_journal: bool = Field(True, description="Ship this machine's journal.")
    ship_files: tuple[str, ...] = Field((), description="Log files to ship, as globs.")
    ship_file_services: dict[str, str] = Field(
        default_factory=dict, description="The service of files that match a glob."
    )
    ship_syslog: tuple[str, ...] = Field(
        (), description="Addresses to receive syslog at, e.g. udp://0.0.0.0:5514, as a JSON list."
    )
    ship_syslog_spool_bytes: int = Field(
        1024**3, ge=1024**2, description="How much may wait for the server, on disk."
    )
    ship_syslog_connections: int = Field(500, ge=1, description="Most TCP connections at a time.")
    ship_syslog_host: Literal["message", "sender"] = Field(
        "message", description="Whose name events carry: the message's, or the sender's address."
    )
    timezone: ZoneInfo | None = Field(
        None, description="Zone of syslog times without one; default: this machine's."
    )

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """Whom to take for the server over TLS: who one's authority vouches for, or the system's.

        Raises:
            BadArguments: for a file that cannot be read or holds no certificate.
        """
        return True if self.tls_ca is None else _trusting(self.tls_ca)

    @property
    def limits(self) -> Limits:
        """The bounds of a batch."""
        return Limits(self.ship_batch_entries, self.ship_batch_bytes, self.ship_batch_seconds)


def _token_in(file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadArguments.one("DEVMESH_TOKEN_FILE", f"cannot be read: {error}") from error
    if not token:
        rule = f'{file} must hold a token, or the word "{NO_TOKEN}" for no token'
        raise BadArguments.one("DEVMESH_TOKEN_FILE", rule)
    return token


def _trusting(file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:  # ssl.SSLError is one
        rule = f"must be a readable file of certificates in PEM: {error}"
        raise BadArguments.one("DEVMESH_TLS_CA", rule, str(file)) from error


def wrong_settings(error: ValidationError) -> list[str]:
    """What is wrong with the settings, a line a variable."""
    found = [("_".join(map(str, one["loc"])).upper(), one["msg"]) for one in error.errors()]
    return [f"DEVMESH_{name}: {text.removeprefix('Value error, ')}" for name, text in found]


def unknown_names() -> list[str]:
    """DEVMESH_SHIP_* variables that mean nothing. What others mean, the server's part knows, whose
    settings a shipper does not load.
    """
    ours = (name for name in os.environ if name.upper().startswith("DEVMESH_SHIP_"))
    known = ShipperSettings.model_fields
    return sorted(name for name in ours if name.lower().removeprefix("devmesh_") not in known)
