"""The header of a line, apart from its message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.line_header import split_header
from tools.masking import MASK, mask

SAID = "cannot open the journal"


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("Nov 20 12:00:00 web-1 crond(pam_unix)[211]: ", "crond pam unix"),
        ("Nov  2 12:00:00 combo kernel: ", "kernel"),
        ("2026-11-20T12:00:00+01:00 web-1 kernel: ", "kernel"),
        ("2026-11-20T12:00:00+01:00 web-1 su[9]: ", "su"),
        ("2026-11-20 12:00:00,123 INFO org.example.shop.OrderStore: ", "shop Order Store"),
        (
            "2026-11-20 12:00:00.123  INFO 4711 --- [main] o.e.shop.OrderStore : ",
            "shop Order Store",
        ),
        ("[2026-11-20 12:00:00] [error] [client 10.0.0.7] ", "client"),
        ("2026/11/20 12:00:00 [warn] 31#31: ", ""),
        ("11-20 12:00:00.123  1702  2395 D PowerManager: ", "Power Manager"),
        ("2026-11-20 12:00:00 25746 INFO nova.compute.manager [req-1 - -] ", "compute manager"),
        (
            "2026-11-20 12:00:00,747 - INFO  [QuorumPeer[myid=1]/0:Election@774] - ",
            "Quorum Peer myid Election",
        ),
        ("ERROR: ", ""),
        ("[WARN] ", ""),
    ],
)
def test_the_sender_stays_and_the_rest_goes(header: str, sender: str) -> None:
    """Of the headers of many programs only the sender's names stay, behind them the message."""
    assert split_header(mask(header + SAID)) == (sender, SAID)


@pytest.mark.parametrize(
    "line",
    [
        "connection error: reset by peer",
        "Could not read 17 blocks",
        "sshd: no hostkeys available",
        "Errors were found: 3",
        "",
        "ERROR",
        "2026-11-20 12:00:00",
    ],
)
def test_a_message_without_a_header_stays_whole(line: str) -> None:
    """What begins with neither a time nor a level, or is nothing else, is the message."""
    assert split_header(mask(line)) == ("", mask(line))


def test_words_of_a_message_are_no_host() -> None:
    """A word before a colon goes only where it can be nothing but a host."""
    assert split_header(mask("2026-11-20T12:00:00Z disk error: no medium"))[1].startswith("disk")


@given(st.text(max_size=300))
def test_any_text_is_split(text: str) -> None:
    """Any text has a message, made of its own words."""
    masked = mask(text)
    _, message = split_header(masked)
    assert bool(message) == bool(masked)
    assert masked.endswith(message)


@given(
    st.lists(st.sampled_from(["[", "(", "]", "a]", "[a", MASK, "INFO", "Nov", "-", "x:", "x.y"]))
)
def test_unbalanced_headers_end(words: list[str]) -> None:
    """Brackets that never close and headers without a message give no error and lose nothing."""
    text = " ".join(words)
    assert text.endswith(split_header(text)[1])
