"""The house rules that no linter knows."""

import ast
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("server", "tools", "shipper", "prompts", "sql")
SOURCES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
_SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|ALTER TABLE)\b")


def test_our_folder_names_belong_to_us_alone() -> None:
    """No other installed distribution ships a top-level package of our names."""
    for distribution in distributions():
        if distribution.metadata["Name"] == "devmesh":
            continue
        tops = {file.parts[0] for file in distribution.files or ()}
        assert not tops & set(FLOORS), distribution.metadata["Name"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_idea(path: Path) -> None:
    """Files stay under 300 lines, say what they are, and hold no SQL."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    if path.name != "__init__.py":
        tree = ast.parse(text)
        assert ast.get_docstring(tree), "a module says what it is"
        strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        assert not [text for text in strings if isinstance(text, str) and _SQL.search(text)]


def test_importing_does_no_work() -> None:
    """Every module imports in a bare environment without output, and without heavy libraries."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in SOURCES
        if path.name not in {"__init__.py", "__main__.py"}
    ]
    script = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "heavy = {'torch', 'sentence_transformers', 'llama_cpp', 'transformers'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={"PATH": "/usr/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_file_is_named_for_nothing() -> None:
    """Files are named after what they hold."""
    assert not {path.stem for path in SOURCES} & {"utils", "helpers", "common", "manager", "base"}
