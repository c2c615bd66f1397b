"""What a shipper is told by its environment. The only file here that reads it."""

import os
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shipper.batches import Limits


def default_state_dir() -> Path:
    """Where positions and dead letters are kept: the system's place for root, else the user's."""
    if os.geteuid() == 0:
        return Path("/var/lib/devmesh")
    return Path(platformdirs.user_state_dir("devmesh"))


class ShipperSettings(BaseSettings):
    """The settings of `devmesh ship`, from DEVMESH_* variables."""

    model_config = SettingsConfigDict(env_prefix="DEVMESH_", extra="ignore", frozen=True)

    server_url: str = Field("http://127.0.0.1:8000", description="Where the server answers.")
    token: SecretStr | None = Field(None, description="Bearer token with the scope `ingest`.")
    token_file: Path | None = Field(
        None, description="A file that holds the token, as systemd's LoadCredential= gives it."
    )
    state_dir: Path = Field(default_factory=default_state_dir)
    ship_batch_entries: int = Field(500, ge=1, le=10_000)
    ship_batch_bytes: int = Field(1024 * 1024, ge=1024)
    ship_batch_seconds: float = Field(1.0, ge=0, le=60)
    ship_user_units_as_session: bool = Field(
        False, description="Name a user's unit by its session, e.g. user@1000.service."
    )
    ship_redact: bool = Field(True, description="Mask secrets before a line leaves the host.")
    notify_socket: str | None = Field(None, validation_alias="NOTIFY_SOCKET")
    watchdog_usec: int | None = Field(None, validation_alias="WATCHDOG_USEC")

    @property
    def bearer_token(self) -> str | None:
        """The token, from the file if one is named."""
        if self.token_file is not None:
            return self.token_file.read_text().strip()
        return self.token.get_secret_value() if self.token is not None else None

    @property
    def limits(self) -> Limits:
        """The bounds of a batch."""
        return Limits(self.ship_batch_entries, self.ship_batch_bytes, self.ship_batch_seconds)
