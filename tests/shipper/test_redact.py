"""Secrets never leave, and lines that only look like them leave untouched."""

import string
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shipper.redact import redact, redact_json, redact_value

FOLDER = Path(__file__).parent / "redaction"
FALSE_HITS_ALLOWED = 0.02


def secrets() -> list[tuple[str, str, str]]:
    """Kind, secret and line. A `~` splits what a scanner would take for real; ⏎ is a new line."""
    lines = (FOLDER / "secrets.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.replace("~", "").replace("⏎", "\n").split("\t", 2) for line in lines]
    return [(kind, secret, line) for kind, secret, line in parts]


def harmless() -> list[str]:
    return (FOLDER / "harmless.txt").read_text(encoding="utf-8").splitlines()


def test_the_corpora_are_large_and_varied() -> None:
    assert len(secrets()) >= 220
    assert len({kind for kind, _, _ in secrets()}) >= 20
    assert all(secret in line for _, secret, line in secrets())
    assert len(set(harmless())) >= 220


def test_no_secret_leaks() -> None:
    leaks = [(kind, redact(line)) for kind, secret, line in secrets() if secret in redact(line)]
    assert leaks == []


def test_no_secret_leaks_inside_a_longer_line_or_between_others() -> None:
    noise = "Nov 24 03:04:05 web-1 app[77]: request 9 done; "
    leaks = [
        (kind, redact(noise + line))
        for kind, secret, line in secrets()
        if secret in redact(noise + line) or secret in redact(f"{noise}\n{line}\nnext line")
    ]
    assert leaks == []


def test_harmless_lines_stay() -> None:
    hits = [(line, redact(line)) for line in harmless() if redact(line) != line]
    assert len(hits) <= FALSE_HITS_ALLOWED * len(harmless()), hits


def test_what_is_redacted_stays_as_it_is() -> None:
    for _, _, line in secrets():
        once = redact(line)
        assert redact(once) == once


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("user=bob password=hunter2 ip=::1", "user=bob password=[redacted:password] ip=::1"),
        (
            "amqp://app:pw@mq:5672/v",
            "amqp://app:[redacted:url_password]@mq:5672/v",
        ),
        ('{"password": "x y", "n": 1}', '{"password": "[redacted:password]", "n": 1}'),
        (
            "GET /cb?token=abc123def&next=/ 302",
            "GET /cb?token=[redacted:token]&next=/ 302",
        ),
        (
            "Authorization: Bearer abc.def",
            "Authorization: Bearer [redacted:authorization]",
        ),
        ("mysql -uroot -phunter2 shop", "mysql -uroot -p[redacted:argument] shop"),
    ],
)
def test_only_the_secret_is_replaced(line: str, left: str) -> None:
    assert redact(line) == left


def test_json_keeps_its_shape_and_loses_its_secrets() -> None:
    given_fields = {
        "user": "bob",
        "password": "hunter2",
        "pin_code": 7,
        "auth": {"token": "abc123def456", "token_type": "bearer"},
        "passwords": ["hunter2", "letmein1"],
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "TZ", "value": "UTC"}],
        "url": "http://bob:hunter2@h/",
        "max_tokens": 4096,
    }
    left = redact_json(given_fields)
    assert b"hunter2" not in orjson.dumps(left)
    assert left["user"] == "bob"
    assert left["auth"] == {"token": "[redacted:token]", "token_type": "bearer"}
    assert left["env"][1] == {"name": "TZ", "value": "UTC"}
    assert left["max_tokens"] == 4096


def test_numbers_under_a_secret_key_are_hidden() -> None:
    assert redact_value("password", 123456) == "[redacted:password]"
    assert redact_value("password_length", 123456) == 123456


@given(st.text())
@example("\u0130 password=hunter2")
def test_any_text_is_taken(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(
    st.text(string.ascii_letters + string.digits + "!#%+*-_", min_size=8, max_size=40),
    st.sampled_from(["DB_PASSWORD={}", "password='{}'", '{{"passwd": "{}"}}', "x://u:{}@h/p"]),
)
def test_any_password_with_a_digit_is_found(body: str, form: str) -> None:
    secret = f"q7{body}"
    assert secret not in redact(form.format(secret))


def test_a_very_long_value_is_hidden_whole() -> None:
    assert redact(f"token={'a1B2' * 2_000} end") == "token=[redacted:token] end"
    assert redact(f"password='{'a1B2' * 2_000}' end") == "password='[redacted:password]' end"


def test_a_character_that_grows_in_lower_case_shifts_nothing() -> None:
    assert redact("İİİİ password=hunter2 end") == "İİİİ password=[redacted:password] end"


HOSTILE = (
    *("eyJ", "pypi-", "sk-", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nA: b"),
    *(
        "password=",
        'password="',
        "a=b&",
        '\\"',
        "key ",
        "key=",
        "session:",
        "auth={",
        "a.",
        "<token",
        "AUTH ",
        "a: b ",
    ),
    *("://a:", "@", "cookie: a=b; ", "mysql -p", "curl -u a", "docker login "),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_longest_hostile_message_takes_seconds_at_most_not_minutes(piece: str) -> None:
    text = (piece * 70_000)[:70_000]
    start = time.process_time()
    redact(text)
    assert time.process_time() - start < 15
