"""DEVMESH_DATABASE_URL: one server or several nodes, and what is wrong with it without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.address import Address, nodes_from_urls
from tools.errors import BadArguments


def test_one_url() -> None:
    """Every part has a default but the scheme."""
    assert Address.from_url("mysql://") == Address("devmesh", "root", "", "localhost", 3306)
    assert Address.from_url("mariadb://me:a%40b@db.example:3307/logs") == Address(
        "logs", "me", "a@b", "db.example", 3307
    )
    [local] = nodes_from_urls("mysql://me@localhost/x?unix_socket=/run/mysqld/mysqld.sock")
    assert local.unix_socket == str(local) == "/run/mysqld/mysqld.sock"


def test_several_urls() -> None:
    """They stay in their order, whatever blanks there are about the commas."""
    nodes = nodes_from_urls(" mysql://u:p@a/x,mariadb://u:p@b:3307/x , mysql://u:p@[::1]:1/x ")
    assert [str(node) for node in nodes] == ["a:3306", "b:3307", "::1:1"]


@given(st.text(min_size=1, max_size=20).filter(lambda text: "://" not in text))
def test_a_password_may_hold_commas(password: str) -> None:
    """A comma is a separator only before a scheme."""
    written = "".join("," if letter == "," else f"{_quoted(letter)}" for letter in password)
    url = f"mysql://me:{written}@one/x,mysql://me:{written}@two/x"
    assert [node.password for node in nodes_from_urls(url)] == [password, password]


def _quoted(letter: str) -> str:
    return "".join(f"%{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "must begin with mysql:// or mariadb://"),
        ("postgres://u:secret@h/x", "must begin with mysql:// or mariadb://"),
        ("mysql://u:secret@h/x,", "letters, digits and _"),
        ("mysql://u:secret@h/x,h2/x", "letters, digits and _"),
        ("mysql://u:secret@h/x-y", "letters, digits and _"),
        ("mysql://u:secret@h:port/x", "is no URL like"),
        ("mysql://u:secret@h:99999/x", "is no URL like"),
        ("mysql://u:secret@[::1/x", "is no URL like"),
        ("mysql://u:secret@h\u2100/x", "is no URL like"),
        ("mysql://u:secret@h/x?ssl=on", "only option is unix_socket"),
        ("mysql://u:secret@h/x,mysql://u:secret@h2/y", "must name one database"),
    ],
)
def test_what_is_wrong(url: str, told: str) -> None:
    """The message says what, and never the password."""
    with pytest.raises(BadArguments, match="DATABASE_URL") as raised:
        nodes_from_urls(url)
    assert told in str(raised.value)
    assert "secret" not in str(raised.value) + str(raised.value.problems)
    assert raised.value.__cause__ is None
