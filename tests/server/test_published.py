"""What registries and clients are given: server.json, and the bundle of `make mcpb`."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import Client, StdioServerParameters

from server.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = Path(__file__).with_name("registry") / "server.schema.2025-12-11.json"
SERVER = json.loads((ROOT / "server.json").read_text())
MANIFEST = json.loads((ROOT / "server/clients/manifest.json").read_text())
FOLDERS = ("server", "tools", "shipper", "prompts", "sql")
BESIDE = ("pyproject.toml", "README.md", "LICENSE")
NODE_TOOLS = Path.home() / ".cache" / "devmesh-tests" / "npm-mcpb"


def validator() -> Any:
    """Checks a server.json by the registry's rules."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


def test_server_json_obeys_the_registry() -> None:
    """It is valid, names its schema, and its package starts us over stdio."""
    assert not list(validator().iter_errors(SERVER))
    assert SERVER["$schema"] == json.loads(SCHEMA.read_text())["$id"]
    [package] = SERVER["packages"]
    assert package["packageArguments"] == [{"type": "positional", "value": "mcp"}]
    assert package["transport"] == {"type": "stdio"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "devmesh"},
        {"description": "x" * 101},
        {"version": None},
        {"packages": [{"registryType": "pypi", "identifier": "devmesh"}]},
        {"packages": [SERVER["packages"][0] | {"version": "latest"}]},
        {"packages": [SERVER["packages"][0] | {"transport": {"type": "pipe"}}]},
        {"packages": [SERVER["packages"][0] | {"packageArguments": [{"type": "positional"}]}]},
    ],
)
def test_the_schema_refuses_what_the_registry_refuses(wrong: dict[str, Any]) -> None:
    """The copy of the schema has its teeth."""
    assert list(validator().iter_errors(SERVER | wrong))


def test_one_version_and_one_name() -> None:
    """What is published says the version of pyproject.toml, and README the registry's name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = [SERVER["version"], SERVER["packages"][0]["version"], MANIFEST["version"], VERSION]
    assert set(said) == {project["version"]}
    assert SERVER["packages"][0]["identifier"] == project["name"] == MANIFEST["name"]
    assert f"<!-- mcp-name: {SERVER['name']} -->" in (ROOT / "README.md").read_text()


def test_no_owner_is_made_up() -> None:
    """The placeholder is plain to see until somebody publishes under their own name."""
    note = SERVER["_meta"]["io.modelcontextprotocol.registry/publisher-provided"]["note"]
    assert ("OWNER" in SERVER["name"]) == note.startswith("Not published.")


@pytest.fixture(scope="module")
def bundle(need: Callable[[bool, str], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as `make mcpb` builds it from a copy of this tree, unpacked."""
    need(shutil.which("npm") is not None, "npm")
    tree = tmp_path_factory.mktemp("tree")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tree / name)
    for name in (*BESIDE, "Makefile"):
        shutil.copy(ROOT / name, tree)
    for name in (".venv", ".git", ".state", "tests"):  # what a checkout holds besides
        (tree / name).mkdir()
        (tree / name / "secret").write_text("token=sesame")
    (tree / ".env").write_text("DEVMESH_TOKEN=sesame")
    done = subprocess.run(
        ["make", "-s", "mcpb", f"NODE_TOOLS={NODE_TOOLS}"],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    need("npm ERR" not in done.stderr, "mcpb from npm")
    assert done.returncode == 0, done.stdout + done.stderr
    unpacked = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(tree / "build/devmesh.mcpb") as archive:
        archive.extractall(unpacked)
    return unpacked


def test_the_bundle_holds_the_sources_and_nothing_else(bundle: Path) -> None:
    """Every file that pip would build from; no environment, no state, no secret."""
    held = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()}
    sources = {
        str(path.relative_to(ROOT))
        for name in FOLDERS
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == sources | {*BESIDE, "manifest.json"}
    assert not [path for path in bundle.rglob("*") if b"sesame" in _bytes(path)]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.suffix in {".json", ".toml", ".md"} else b""


def test_the_manifest_is_valid_and_asks_for_no_more_than_it_uses(bundle: Path) -> None:
    """The packer validates by manifest 0.4; what a user is asked for is what we are started with."""
    assert json.loads((bundle / "manifest.json").read_text()) == MANIFEST
    assert MANIFEST["manifest_version"] == "0.4" and MANIFEST["server"]["type"] == "uv"
    environment = MANIFEST["server"]["mcp_config"]["env"]
    used = re.findall(r"\$\{user_config\.(\w+)\}", " ".join(environment.values()))
    assert set(used) == set(MANIFEST["user_config"])
    assert (bundle / MANIFEST["server"]["entry_point"]).exists()


async def test_what_is_in_the_bundle_answers(bundle: Path, environment: dict[str, str]) -> None:
    """Started from the unpacked files, as the manifest says but with the packages here."""
    start = "import sys; sys.argv = ['devmesh', 'mcp']; from server.cli import main; main()"
    where = environment | {"PYTHONPATH": str(bundle), "PYTHONDONTWRITEBYTECODE": "1"}
    assert _places(bundle, where).count(str(bundle)) == 2
    child = StdioServerParameters(
        command=sys.executable, args=["-c", start], env=where, cwd=os.fspath(bundle)
    )
    async with Client(child) as client:
        assert (await client.list_tools()).tools
        counted = await client.call_tool("log_stats", {"group_by": "level"})
    assert not counted.is_error


def _places(folder: Path, environment: dict[str, str]) -> str:
    """Where our packages are imported from by a process in a folder."""
    command = [sys.executable, "-c", "import server, sql; print(server.__file__, sql.__file__)"]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=True
    ).stdout
