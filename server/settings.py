"""The server's settings: the one place where its process reads the environment.

In this order: environment `DEVMESH_*`, then a TOML file (`DEVMESH_CONFIG`, else
~/.config/devmesh/config.toml, else /etc/devmesh/config.toml), then the defaults below.
"""

import os
import socket
from datetime import tzinfo
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from server.rate_limit import Rate
from shipper.settings import ServiceSettings, ShipperSettings, default_state_dir
from sql.page_compression import Mode
from sql.retention import Retention
from tools.errors import BadArguments

_ROOT = Path(__file__).resolve().parent.parent
PACKAGED_EMBEDDER = "all-MiniLM-L6-v2"


def _config_file() -> Path | None:
    if named := os.environ.get("DEVMESH_CONFIG"):
        candidates = [Path(named)]
    else:
        candidates = [place / "config.toml" for place in (*_own_place(), Path("/etc/devmesh"))]
    return next((path for path in candidates if path.exists()), None)


def _own_place() -> list[Path]:
    """The user's folder of settings; a service's dynamic user has none."""
    try:
        return [Path(platformdirs.user_config_dir("devmesh"))]
    except RuntimeError:
        return []


def _in_file(settings: type[BaseSettings]) -> TomlConfigSettingsSource:
    """The settings that the file gives. Raises BadArguments."""
    file = _config_file()
    try:
        return TomlConfigSettingsSource(settings, file)
    except (OSError, ValueError) as error:  # TOMLDecodeError, UnicodeDecodeError
        raise BadArguments.one(str(file), f"cannot be read as TOML: {error}") from error


class ServerSettings(ServiceSettings):
    """Every setting of a server process."""

    state_dir: Path = Field(default_factory=default_state_dir)
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = Field((), description="Host names clients may use for us.")
    tls_cert: Path | None = Field(None, description="The server's certificate, with its chain.")
    tls_key: Path | None = Field(None, description="Its private key, without a passphrase.")
    rate_limit: str = Field("6000/m", description="Calls of one token or address, or off.")
    ingest_rate_limit: str = Field("60000/m", description="Batches of the same, or off.")
    audit: str = Field("on", description="A line for each tool call: on, off, or a file.")
    database_url: SecretStr | None = Field(
        None,
        description="mysql://user:password@host/database; several for the nodes of a cluster.",
    )
    database_read_url: SecretStr | None = Field(
        None, description="The same database by an account that may only read."
    )
    mariadb_prefix: Path = _ROOT / ".mariadb"
    mariadb_buffer_mib: int = Field(256, ge=16)
    retention: str = Field(
        "", description="An age, a size or both, as 30d,50GB: the oldest days go. Empty: none."
    )
    fulltext: bool = Field(
        False, description="Keep an index of the messages' words: ingest takes more, search less."
    )
    page_compression: Mode = Field(
        "auto", description="Compress new days on disk; auto: where the file system gains by it."
    )
    timezone: str = Field("UTC", description="Zone in which naive times are read.")
    embedding_model: str = Field(
        PACKAGED_EMBEDDER,
        description="The packaged model, or a folder or name for sentence-transformers.",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    model: Path | None = Field(None, description="A GGUF file; default: the packaged SmolLM2 135M.")
    llm_url: str | None = Field(
        None, description="An OpenAI-compatible server up to /v1, instead of a GGUF file."
    )
    llm_model: str = Field("", description="The model's name on that server.")
    llm_token: SecretStr | None = Field(None, description="Bearer token for that server.")
    prose: Literal["auto", "off"] = Field(
        "auto", description="Sum answers up in words, by a model of 3 billion parameters or more."
    )
    max_patterns_per_service: int = Field(
        2_000, ge=10, description="More than these, and new patterns are masked coarser."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = Field(
        "text", description="The server's own log: lines for people, or one JSON object a line."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone of the IANA database") from error
        return name

    @field_validator("retention")
    @classmethod
    def _a_retention(cls, text: str) -> str:
        return Retention.parse(text).text

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults; no .env file is read."""
        return init_settings, env_settings, _in_file(settings_cls)

    @field_validator("rate_limit", "ingest_rate_limit")
    @classmethod
    def _a_rate(cls, text: str, info: ValidationInfo) -> str:
        Rate.parse(text, f"DEVMESH_{str(info.field_name).upper()}")
        return text

    @property
    def rates(self) -> tuple[Rate | None, Rate | None]:
        """How many calls and how many batches a caller may send; None is no limit."""
        return (
            Rate.parse(self.rate_limit, "DEVMESH_RATE_LIMIT"),
            Rate.parse(self.ingest_rate_limit, "DEVMESH_INGEST_RATE_LIMIT"),
        )

    @property
    def audit_file(self) -> Path | None:
        """Where calls are noted; None for nowhere."""
        if self.audit == "off":
            return None
        return self.state_dir / "audit.jsonl" if self.audit == "on" else Path(self.audit)

    @property
    def zone(self) -> tzinfo:
        """The zone of naive times."""
        return ZoneInfo(self.timezone)

    @property
    def keeps(self) -> Retention:
        """The retention."""
        return Retention.parse(self.retention)

    @property
    def loopback_only(self) -> bool:
        """Whether the server listens to this machine alone."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def this_host() -> str:
    """The name of this machine, as events from it carry it."""
    return socket.gethostname() or "unknown"


def origins() -> dict[str, str]:
    """Where the settings come from that are not at their default."""
    file, in_file = _config_file(), _in_file(ServerSettings)()
    in_environment = EnvSettingsSource(ServerSettings)() | EnvSettingsSource(ShipperSettings)()
    return dict.fromkeys(in_file, f"file {file}") | dict.fromkeys(in_environment, "environment")


def known_names() -> set[str]:
    """What a setting may be called in the file."""
    return {*ServerSettings.model_fields, *ShipperSettings.model_fields, "config"}


def unknown_names() -> list[str]:
    """DEVMESH_* variables and names in the file that mean nothing: slips, most likely."""
    known = known_names()
    variables = [name for name in os.environ if name.upper().startswith("DEVMESH_")]
    in_file = _in_file(ServerSettings)()
    unknown = [name for name in variables if name.lower().removeprefix("devmesh_") not in known]
    return sorted(unknown) + sorted(name for name in in_file if name not in known)
