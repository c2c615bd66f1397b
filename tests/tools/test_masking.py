"""Masking: variables go, what kind of event it is stays."""

import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tools import masking
from tools.masking import MASK, mask, pattern_key

# Two lines of one event each: all that differs between them is variable.
SAME = [
    (
        "Accepted publickey for deploy from 10.0.0.7 port 50122 ssh2: RSA SHA256:abc",
        "Accepted publickey for alice from 192.168.4.19 port 61 ssh2: RSA SHA256:abc",
    ),
    (
        "Failed password for invalid user admin from 203.0.113.9 port 40022 ssh2",
        "Failed password for invalid user oracle from 198.51.100.77 port 2201 ssh2",
    ),
    (
        "Failed password for root from 203.0.113.9 port 40022 ssh2",
        "Failed password for backup from 203.0.113.10 port 1 ssh2",
    ),
    (
        "Connection closed by 203.0.113.9 port 40022 [preauth]",
        "Connection closed by 2001:db8:0:1::7 port 22 [preauth]",
    ),
    (
        "pam_unix(sshd:session): session opened for user deploy by (uid=0)",
        "pam_unix(sshd:session): session opened for user root by (uid=1000)",
    ),
    (
        "pam_unix(sshd:session): session closed for user deploy",
        "pam_unix(sshd:session): session closed for user root",
    ),
    (
        "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=218.188.2.4 user=root",
        "authentication failure; logname= uid=7 euid=9 tty=ssh ruser= rhost=10.1.1.1 user=bob",
    ),
    (
        "GET /orders/17 200 12ms 7f9c2ba4e88f827d",
        "GET /orders/99812 200 1093ms d41d8cd98f00b204",
    ),
    (
        "upstream timed out (110: Connection timed out) while connecting to upstream, client: 10.0.0.9",
        "upstream timed out (110: Connection timed out) while connecting to upstream, client: 10.0.0.17",
    ),
    (
        "worker 4 exited with code 137",
        "worker 11 exited with code 1",
    ),
    (
        "Out of memory: Killed process 2211 (java) total-vm:8123456kB, anon-rss:4012344kB",
        "Out of memory: Killed process 9 (java) total-vm:1kB, anon-rss:40kB",
    ),
    (
        "eth0: link up, 1000 Mbps, full duplex",
        "eth3: link up, 100 Mbps, full duplex",
    ),
    (
        "usb 1-1.4: new high-speed USB device number 5 using xhci_hcd",
        "usb 2-1: new high-speed USB device number 17 using xhci_hcd",
    ),
    (
        "EXT4-fs (sda1): mounted filesystem with ordered data mode",
        "EXT4-fs (sda12): mounted filesystem with ordered data mode",
    ),
    (
        "I/O error, dev sda, sector 123456 op 0x0:(READ) flags 0x80700",
        "I/O error, dev sda, sector 99 op 0x1:(READ) flags 0x0",
    ),
    (
        "job 4f2a9c1e-0b7d-4c55-9a3e-1f2e3d4c5b6a finished in 3.2s",
        "job 00000000-1111-2222-3333-444444444444 finished in 112.75s",
    ),
    (
        "mail to jane.doe@example.org bounced",
        "mail to ops+alerts@mail.example.co.uk bounced",
    ),
    (
        "fetching https://api.example.com/v2/items?id=7",
        "fetching https://cdn.example.net/a/b/c.tar.gz",
    ),
    (
        "DHCPACK on 10.0.0.51 to 00:1a:2b:3c:4d:5e via eth0",
        "DHCPACK on 10.0.0.99 to aa:bb:cc:dd:ee:ff via eth1",
    ),
    (
        "backup of /var/lib/mysql/shop started",
        "backup of /srv/data/media started",
    ),
    (
        "certificate expires at 2026-11-20T12:00:00Z",
        "certificate expires at 2027-01-02 03:04:05.678+01:00",
    ),
    (
        "next run at 12:30:05",
        "next run at 03:00",
    ),
    (
        "payment 88123 failed: card declined, order_id=77123",
        "payment 1 failed: card declined, order_id=A-19",
    ),
    (
        "request_id=9f8e7d6c took 1532 ms",
        "request_id=abc took 4 ms",
    ),
    (
        "disk usage at 91%",
        "disk usage at 7%",
    ),
    (
        "temperature 81.5C above threshold",
        "temperature 102C above threshold",
    ),
    (
        "segfault at 7f1c2d3e4f50 ip 00007f1c2d3e4f50 sp 00007ffd12345678 error 4 in libc.so",
        "segfault at 0000deadbeef ip 0000000000401136 sp 00007ffe00000010 error 6 in libc.so",
    ),
    (
        "slow query: 12.5 seconds, rows examined 1200345",
        "slow query: 3 seconds, rows examined 17",
    ),
    (
        "replica lag 14 s behind db-2.internal:3306",
        "replica lag 250 s behind db-17.internal:3307",
    ),
    (
        "Started Session 412 of user deploy.",
        "Started Session 9 of user deploy.",
    ),
    (
        "nf_conntrack: table full, dropping packet 17",
        "nf_conntrack: table full, dropping packet 4",
    ),
    (
        "TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.",
        "TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.",
    ),
    (
        "retry 1/5 for queue emails in 200ms",
        "retry 4/5 for queue emails in 3200ms",
    ),
    (
        "cache miss ratio 0.12 over 1000 requests",
        "cache miss ratio 0.9 over 12 requests",
    ),
    (
        "kernel: [12345.678901] CPU3: Core temperature above threshold, cpu clock throttled",
        "kernel: [9.000001] CPU11: Core temperature above threshold, cpu clock throttled",
    ),
    (
        "lease renewed until Fri Nov 20 12:00:00",
        "lease renewed until Sat Jan  2 03:04:05",
    ),
    (
        "checksum 0xDEADBEEF does not match 0x00000000",
        "checksum 0xCAFE does not match 0x1",
    ),
    (
        "connect to [::ffff:10.0.0.1]:8080 failed: Connection refused",
        "connect to [::ffff:10.0.0.2]:9090 failed: Connection refused",
    ),
    (
        "HTTP status 200 for GET, 512 bytes",
        "HTTP status 404 for GET, 9 bytes",
    ),
]

# Lines of one event from two hosts of a file, in two months.
SYSLOG = [
    ("Nov 30 23:59:59 web-1 sshd[211]: Bye Bye", "Dec  1 00:00:00 nas sshd[9]: Bye Bye"),
    ("<34>Nov 30 23:59:59 web kernel: eth0 is up", "<30>Jan  1 00:00:00 nas kernel: eth0 is up"),
    (
        "2026-11-30T23:59:59.123456+01:00 web su(pam)[211]: Bye",
        "2026-12-01T00:00:00.123456+01:00 nas.lan su(pam)[12]: Bye",
    ),
    (
        "request req-12345678-1234-4321-8888-123456789012 ok",
        "request req-a2345678-1b34-4c21-8d88-e23456789012 ok",
    ),
]

# One line of further events; none of them may be merged with another or with those above.
DIFFERENT = [
    "Connection refused",
    "Connection reset by peer",
    "Connection timed out",
    "Failed to start nginx.service",
    "Started nginx.service",
    "Stopped nginx.service",
    "disk full",
    "disk failing",
    "permission denied",
    "no such file or directory",
    "Accepted password for deploy from 10.0.0.7 port 50122 ssh2",
    "Accepted publickey for deploy from 10.0.0.7 port 50122",
    "eth0: link down",
    "Deadlock found when trying to get lock; try restarting transaction",
    "Lock wait timeout exceeded; try restarting transaction",
    "user not found",
    "user not allowed",
    "login failed",
    "login succeeded",
    "login successful",
    "user created",
    "user deleted",
    "IPv4 forwarding is on",
    "IPv6 forwarding is on",
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda line: line[:30])
def test_variables_are_masked(one: str, other: str) -> None:
    """Two occurrences of one event have one pattern, and it is not the bare mask."""
    assert mask(one) == mask(other)
    assert MASK in mask(one)
    assert mask(one).replace(MASK, "").strip(" :,.")


@pytest.mark.parametrize(("one", "other"), SYSLOG)
def test_a_line_of_syslog_is_the_same_everywhere(one: str, other: str) -> None:
    """Neither the month nor the host nor the first digits of an id make a new pattern."""
    assert mask(one) == mask(other)


def test_a_level_or_a_first_word_is_no_host() -> None:
    """Behind an ISO time only a process id tells a host from the words of a message."""
    time = "2026-11-30T23:59:59Z"
    lines = [f"{time} {word} error: x" for word in ("disk", "network", "INFO", "ERROR")]
    assert len({mask(line) for line in lines}) == len(lines)


def test_different_events_stay_different() -> None:
    """No two events of the corpus share a pattern."""
    lines = [one for one, _ in SAME] + DIFFERENT
    patterns = {mask(line): line for line in lines}
    assert len(patterns) == len(lines)


@pytest.mark.parametrize("line", [line for pair in SAME for line in pair] + DIFFERENT)
def test_a_pattern_is_its_own_pattern(line: str) -> None:
    """Masking what is masked already changes nothing."""
    assert mask(mask(line)) == mask(line)


@pytest.mark.parametrize("line", DIFFERENT)
def test_words_are_never_variables(line: str) -> None:
    """Masking takes no plain word out of a message without variables."""
    if not any(char.isdigit() for char in line):
        assert mask(line) == line


@given(st.text(max_size=5000))
def test_any_text_has_one_short_pattern(text: str) -> None:
    """Any text is masked without an error, always alike, to one line of bounded length."""
    masked = mask(text)
    assert masked == mask(text)
    assert len(masked) <= 2 * 2_003
    assert "\n" not in masked and masked == masked.strip()


@given(st.text("0123456789abcdefx:./-_=@<*> userpidfor", max_size=400))
def test_text_like_logs_settles(text: str) -> None:
    """Masked a few times over, a text no longer changes: patterns do not drift."""
    seen = [text]
    while (masked := mask(seen[-1])) != seen[-1]:
        seen.append(masked)
        assert len(seen) < 12, seen
    assert mask(seen[-1]) == seen[-1]


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_key_is_of_service_and_pattern(service: str, masked: str) -> None:
    """A pattern's key is 16 bytes and belongs to one service."""
    key = pattern_key(service, masked)
    assert len(key) == 16
    assert key == pattern_key(service, masked)
    assert key != pattern_key(service + "x", masked)
    assert key != pattern_key(service, masked + "x")


def test_long_messages_differ_by_their_ends() -> None:
    """Of a huge message the middle does not count, its head and tail do."""
    head, tail = "disk report: " + "a" * 1600, "b" * 600 + " end"
    assert mask(head + "x" * 9000 + tail) == mask(head + "y" * 70_000 + tail)
    assert mask(head + tail) != mask(head + tail + "ing")


_LIKE_LOGS = """
    2026-11-20 12:00:01 12:00:01.25Z 2026-11-20T12:00:01+01:00 Sun, [Sun Nov 4 04 2026]
    10.0.0.7:22 ::1 fe80::1%eth0 00:1a:2b:3c:4d:5e IPv4 utf8mb4 sha256sum web-01.example.org
    /var/log/x.log https://h/p?q=1 for user password login bob key="a uid=0 4x4 1.5s
"""
WORDS = st.one_of(
    st.from_regex(r"[\w.:/@=<>\"'\[\](),#*+-]{1,14}", fullmatch=True),
    st.from_regex(r"\d{1,4}([.:/x-]\d{1,4}){0,4}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{4,16}|0[xX][0-9a-f]{1,6}", fullmatch=True),
    st.sampled_from(_LIKE_LOGS.split()),
)


@given(st.lists(WORDS, max_size=12))
def test_word_by_word_is_the_same_as_all_at_once(words: list[str]) -> None:
    """Remembering words by their shape changes nothing: the rules over the whole text agree."""
    text = " ".join(" ".join(words).split())
    assume(not masking._SYSLOG.match(text))
    if '="' in text or "='" in text:
        text = masking._KEYED.sub(r"\1=<*>", text)
    text = masking._SPANNING.sub(MASK, masking._NAMED.sub(r"\1 <*>", text))
    whole = masking._ALL.sub(MASK, masking._KEYED.sub(r"\1=<*>", text))
    assert mask(" ".join(words)) == masking._RUNS.sub(MASK, whole)


@given(st.lists(WORDS, max_size=12), st.randoms(use_true_random=False))
def test_other_digits_make_no_other_pattern(words: list[str], dice: random.Random) -> None:
    """Numbers of the same length are variables of the same pattern."""
    text = " ".join(word for word in words if "0" not in word)
    other = "".join(dice.choice("123456789") if c in "123456789" else c for c in text)
    left = re.compile(r"[1-9]")
    assert left.sub("#", mask(text)) == left.sub("#", mask(other))


@given(st.lists(WORDS, max_size=12), st.randoms(use_true_random=False))
def test_a_line_remembered_by_its_shape_is_masked_as_if_alone(
    words: list[str], dice: random.Random
) -> None:
    """What is remembered of a line with other digits changes nothing: digits that stay are its own."""
    text = " ".join(" ".join(words).split())
    other = "".join(dice.choice("0123456789") if c in "0123456789" else c for c in text)
    assume(not masking._SYSLOG.match(other))
    mask(text)
    assert mask(other) == masking._masked(other)


def test_long_words_are_not_remembered() -> None:
    """As many of them as of short ones would take half a gigabyte."""
    mask("blob a")
    before = masking._remembered.cache_info().currsize
    for number in range(100):
        letters = "".join(chr(97 + int(digit)) for digit in f"{number:03}")
        assert mask(f"blob {letters * 100} a 7") == f"blob {letters * 100} a <*>"
    assert masking._remembered.cache_info().currsize <= before + 1
