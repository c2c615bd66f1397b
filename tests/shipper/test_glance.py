"""What any later search finds bears its sign: nothing is passed over for the sake of speed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper import error_codes, levels_in_text, secret_keys, secret_shapes, traces
from shipper.glance import glance
from shipper.secret_commands import COMMANDS
from shipper.secret_headers import HEADERS
from shipper.secret_phrases import PHRASES
from shipper.secret_rules import lowered

FOLDER = Path(__file__).parent / "redaction"
LINES = [
    line.rpartition("\t")[2].replace("~", "").replace("⏎", "\n")
    for name in ("secrets.txt", "harmless.txt")
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()
]
SEARCHES = {
    "keyed": secret_keys._KEYED,
    "slow shape": secret_shapes._SLOW_SHAPES,
    "bearer": secret_shapes._BEARER,
    "basic": secret_shapes._BASIC,
    "5xx": error_codes._HTTP,
    "vendor": error_codes._VENDOR,
    "errno": error_codes._ERRNO_NAME,
    "exit status": error_codes._EXIT,
    "level=": levels_in_text._KEYED,
    "traceparent": traces._W3C,
    "crash": levels_in_text._CRASHED,
}
PIECES = """
    password pass= PASSWORD: token="a api_key=> sid=1 secret%3D x-session-id : 'jwt' := auth
    status=502 HTTP/1.1" 503 errno=111 (110: Connection ECONNREFUSED E2BIG ORA-00942 AH00558
    SQLSTATE[42S02] exited with code 137 level=error severity="WARN trace_id=4bf92f35 span-id: 0f
    00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 Bearer abcdefghij1234567 Basic dXNlcjpw
    curl -u bob:pw mysql -phunter2 <password>x</password> -----BEGIN sk-abcdefghij0123456789abcd
    [E] <W>: E1120 11:06:00 PHP Warning: [error] 12:00:01ERROR 2026-11-20 WARN: crit| app-INFO **:
    --pass [--pw -storepass (-p net use Z: mc config host add aws configure set password\u00a0:
    ?SIG=abcdefghijklmnop12345 https://u:p@h/ ?sig=abcdefghijklmnop1234 login PASS Cookie: a=b; c=d AKIAIOSFODNN7EXAMPLE \\u003d
"""


def check(text: str) -> None:
    seen, low = glance(text), lowered(text)
    for sign, shape in SEARCHES.items():
        assert sign in seen or not shape.search(low if sign == "keyed" else text), (sign, text)
    if levels_in_text._leading(text) is not None:
        assert seen & {"level", "level letter"}, text
    if secret_shapes._SHAPES.search(text):
        assert "shape" in seen, text
    for rule in COMMANDS._rules:
        searched = text if rule.cased else low
        assert "command" in seen or not rule.shape.search(searched), (rule.gates, text)
    for book in (HEADERS, COMMANDS, PHRASES):
        assert {gate for gate in book.gates if gate in low} <= seen, text


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_corpora_bears_its_signs(line: str) -> None:
    check(line)
    check(f"x{line}\n{line.upper()}")


@given(st.lists(st.sampled_from(PIECES.split()) | st.text(max_size=6), max_size=8))
def test_any_text_bears_its_signs(pieces: list[str]) -> None:
    check(" ".join(pieces))
    check("".join(pieces))


@given(st.text(st.characters(), max_size=60))
def test_any_text_can_be_glanced_at(text: str) -> None:
    """Lone surrogates included, which no encoder takes."""
    assert glance(text) == glance(text)
