"""The MCP clients that can be told of us: which file each reads, and what it may hold.

Sources: modelcontextprotocol.io/docs/develop/connect-local-servers (Claude Desktop),
code.claude.com/docs/en/mcp (Claude Code), cursor.com/docs/context/mcp (Cursor), zed.dev/docs/ai/mcp
(Zed), code.visualstudio.com/docs/copilot/reference/mcp-configuration (VS Code).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Client:
    """One MCP client. `key` is where its file lists servers; `typed`, whether an entry says its
    transport; `http`, whether the file may name a server by URL.

    `reference` stands for a variable's value where the client puts it in, so that no secret need
    be in the file; with `asks`, the client asks for it once and the file describes the question.
    """

    title: str
    file: Callable[[], Path]
    key: str
    then: str
    typed: bool = False
    http: bool = True
    reference: str | None = None
    asks: bool = False


def _claude_file() -> Path:
    folder = platformdirs.user_config_dir("Claude", appauthor=False, roaming=True)
    return Path(folder) / "claude_desktop_config.json"


def _zed_file() -> Path:
    if sys.platform == "darwin":  # not where applications of macOS keep theirs
        return Path.home() / ".config/zed/settings.json"
    return Path(platformdirs.user_config_dir("zed", appauthor=False, roaming=True), "settings.json")


CLIENTS = {
    "claude": Client(
        title="Claude Desktop",
        file=_claude_file,
        key="mcpServers",
        then="quit Claude Desktop and start it again; its log is mcp-server-devmesh.log",
        http=False,
    ),
    "claude-code": Client(
        title="Claude Code",
        file=lambda: Path.cwd() / ".mcp.json",
        key="mcpServers",
        then="start claude in this folder and approve the server; /mcp shows it",
        typed=True,
        reference="${%s}",
    ),
    "vscode": Client(
        title="VS Code",
        file=lambda: Path.cwd() / ".vscode/mcp.json",
        key="servers",
        then="MCP: List Servers in VS Code starts it",
        typed=True,
        reference="${input:%s}",
        asks=True,
    ),
    "cursor": Client(
        title="Cursor",
        file=lambda: Path.cwd() / ".cursor/mcp.json",
        key="mcpServers",
        then="Cursor's settings, under MCP, show it",
        reference="${env:%s}",
    ),
    "zed": Client(
        title="Zed",
        file=_zed_file,
        key="context_servers",
        then="Zed's agent settings show it",
    ),
}
"""By the word that `devmesh mcp config` takes."""
