"""Syslog messages of the RFCs, of real devices, and of nobody at all, as events."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shipper.spool_records import KEPT, Received
from shipper.syslog_mapping import SyslogRules, to_event, to_json
from shipper.syslog_times import Stamp, resolve
from tools.limits import MESSAGE_MAX_BYTES

PEER = "192.0.2.7:40514"
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """A moment in ISO 8601, in UTC unless it says otherwise, in µs."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1e6)


NOW = at("2026-11-24T20:42:29")


def event(
    raw: bytes | str, received_us: int = NOW, zone: str = "UTC", **how: Any
) -> dict[str, Any]:
    """The event of a message that was received at `received_us`."""
    data = raw.encode() if isinstance(raw, str) else raw
    received = Received(received_us, PEER, data, len(data))
    return to_event(received, "cursor", SyslogRules(zone=ZoneInfo(zone), **how))


def test_rfc_5424_example_1() -> None:
    raw = (
        b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
        b"\xef\xbb\xbf'su root' failed for lonvick on /dev/pts/8"
    )
    row = event(raw, at("2003-10-11T22:14:16"))

    assert row["timestamp"] == "2003-10-11T22:14:15.003000Z"
    assert (row["host"], row["service"]) == ("mymachine.example.com", "su")
    assert (row["source"], row["level"], row["event_type"]) == ("syslog", "CRITICAL", "ID47")
    assert row["message"] == "'su root' failed for lonvick on /dev/pts/8"
    assert row["meta_json"] == {
        "transport": "udp",
        "sender": PEER,
        "received": "2003-10-11T22:14:16.000000Z",
        "layout": "rfc5424",
        "facility": "auth",
        "severity": "crit",
        "msgid": "ID47",
    }


def test_rfc_5424_example_2() -> None:
    raw = "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts."
    row = event(raw, at("2003-08-24T12:14:16"))

    assert row["timestamp"] == "2003-08-24T12:14:15.000003Z"
    assert (row["host"], row["service"], row["event_type"]) == ("192.0.2.1", "myproc", "log")
    assert row["message"] == "%% It's time to make the do-nuts."
    assert row["meta_json"]["procid"] == "8710"
    assert row["meta_json"]["facility"] == "local4"


def test_rfc_5424_example_3_has_structured_data_and_a_message() -> None:
    raw = (
        "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
        '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] '
        "\ufeffAn application event log entry..."
    )
    row = event(raw)

    assert row["message"] == "An application event log entry..."
    assert row["meta_json"]["structured_data"] == {
        "exampleSDID@32473": {"iut": "3", "eventSource": "Application", "eventID": "1011"}
    }


def test_rfc_5424_example_4_has_structured_data_only() -> None:
    raw = (
        "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
        '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]'
        '[examplePriority@32473 class="high"]'
    )
    row = event(raw)

    assert row["message"] == ""
    assert row["meta_json"]["structured_data"]["examplePriority@32473"] == {"class": "high"}


def test_structured_data_is_unescaped_and_repeats_are_lists() -> None:
    raw = r"""<14>1 - - - - - [a@1 k="a \" b \] c \\ d \x" k="2" p="]"][b@1] text [c]"""
    row = event(raw)

    assert row["meta_json"]["structured_data"] == {
        "a@1": {"k": [r'a " b ] c \ d \x', "2"], "p": "]"},
        "b@1": {},
    }
    assert row["message"] == "text [c]"


@pytest.mark.parametrize("data", ['[a k="1]', "[a k=1]", "[a", "-x", "[]", '[a k="1"]x', "plain"])
def test_malformed_structured_data_stays_in_the_message(data: str) -> None:
    row = event(f"<14>1 - host app - - {data} tail")

    assert (row["host"], row["service"]) == ("host", "app")
    assert row["message"] == f"{data} tail"


def test_secrets_in_structured_data_are_masked() -> None:
    row = event('<14>1 - - - - - [a@1 password="hunter22" u="x"] login with password=hunter22')

    assert b"hunter22" not in orjson.dumps(row)
    assert b"hunter22" in orjson.dumps(
        event('<14>1 - - - - - [a@1 password="hunter22"]', redact=False)
    )


# raw; host, service, level, message; the time when it is not that of the reception
CASES = {
    # RFC 3164, section 5.4
    "rfc 1": (
        "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
        ("mymachine", "su", "CRITICAL", "'su root' failed for lonvick on /dev/pts/8"),
        "2026-10-11T22:14:15",
    ),
    "rfc 2": ("Use the BFG!", ("192.0.2.7", "unknown", "INFO", "Use the BFG!"), None),
    "rfc 2 relayed": (
        "<13>Nov  5 17:32:18 10.0.0.99 Use the BFG!",
        ("10.0.0.99", "unknown", "INFO", "Use the BFG!"),
        "2026-11-05T17:32:18",
    ),
    "rfc 3": (
        "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.",
        ("mymachine", "myproc", "INFO", "%% It's time to make the do-nuts."),
        None,
    ),
    "rfc 4": (
        "<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
        (
            "192.0.2.7",
            "unknown",
            "FATAL",
            "1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!",
        ),
        None,
    ),
    # relays
    "rsyslog forward format": (
        "<12>2026-11-24T20:22:58.123456+01:00 web-01 nginx[77]: upstream timed out",
        ("web-01", "nginx", "WARN", "upstream timed out"),
        "2026-11-24T19:22:58.123456",
    ),
    "iso without a zone": (
        "<13>2026-11-24 20:22:58 host app: text",
        ("host", "app", "INFO", "text"),
        "2026-11-24T20:22:58",
    ),
    "no PRI": (
        "Nov 24 20:22:58 host app[1]: text",
        ("host", "app", "INFO", "text"),
        "2026-11-24T20:22:58",
    ),
    "a PRI that is none": (
        "<999>foo bar: x",
        ("192.0.2.7", "unknown", "INFO", "<999>foo bar: x"),
        None,
    ),
    "BSD without a host": (
        "<38>Nov 24 20:22:58 sshd[123]: Accepted publickey",
        ("192.0.2.7", "sshd", "INFO", "Accepted publickey"),
        "2026-11-24T20:22:58",
    ),
    "HAProxy": (
        "<134>Nov 24 20:22:58 haproxy[1234]: 10.0.0.1:1234 [24/Nov/2026]",
        ("192.0.2.7", "haproxy", "INFO", "10.0.0.1:1234 [24/Nov/2026]"),
        "2026-11-24T20:22:58",
    ),
    "AIX": (
        "<27>Nov 24 20:22:58 Message forwarded from aixhost: sshd[12]: text",
        ("aixhost", "sshd", "ERROR", "text"),
        "2026-11-24T20:22:58",
    ),
    "BSD repeat": (
        "<13>Nov 24 20:22:58 last message repeated 3 times",
        ("192.0.2.7", "unknown", "INFO", "last message repeated 3 times"),
        "2026-11-24T20:22:58",
    ),
    "tag without a colon": (
        "<78>Nov 24 20:22:58 host CRON[1234] (root) CMD (run-parts)",
        ("host", "CRON", "INFO", "(root) CMD (run-parts)"),
        "2026-11-24T20:22:58",
    ),
    "no stamp": (
        "<13>sshd(pam_unix)[12]: session opened",
        ("192.0.2.7", "sshd(pam_unix)", "INFO", "session opened"),
        None,
    ),
    "year at the end": (
        "<13>Nov 24 20:22:58 2026 host app: text",
        ("host", "app", "INFO", "text"),
        "2026-11-24T20:22:58",
    ),
    "an IPv6 host": (
        "<13>Nov 24 20:22:58 2001:db8::1 app: text",
        ("2001:db8::1", "app", "INFO", "text"),
        "2026-11-24T20:22:58",
    ),
    "a URL is no tag": (
        "<13>Nov 24 20:22:58 host http://x/y is down",
        ("host", "unknown", "INFO", "http://x/y is down"),
        "2026-11-24T20:22:58",
    ),
    "CEF is no tag": (
        "<131>Nov 24 20:22:58 fw CEF:0|Vendor|Product|1.0|100|x|5|src=1",
        ("fw", "unknown", "ERROR", "CEF:0|Vendor|Product|1.0|100|x|5|src=1"),
        "2026-11-24T20:22:58",
    ),
    # devices
    "Cisco ASA": (
        "<166>Nov 24 2026 20:14:15: %ASA-6-302013: Built outbound TCP connection",
        ("192.0.2.7", "ASA", "INFO", "Built outbound TCP connection"),
        "2026-11-24T20:14:15",
    ),
    "Cisco ASA with a host": (
        "<164>Nov 24 2026 20:14:15 fw01 : %ASA-4-106023: Deny tcp",
        ("fw01", "ASA", "WARN", "Deny tcp"),
        "2026-11-24T20:14:15",
    ),
    "Cisco ASA, EMBLEM": (
        "<166>:Nov 24 20:14:15 UTC: %ASA-6-302013: Built",
        ("192.0.2.7", "ASA", "INFO", "Built"),
        "2026-11-24T20:14:15",
    ),
    "Cisco ASA alone": (
        "%ASA-4-106023: Deny tcp",
        ("192.0.2.7", "ASA", "WARN", "Deny tcp"),
        None,
    ),
    "Cisco IOS whose clock was never set": (
        "<189>000123: *Mar  1 18:46:11: %SYS-5-CONFIG_I: Configured",
        ("192.0.2.7", "SYS", "INFO", "Configured"),
        None,
    ),
    "Cisco IOS with its name": (
        "<187>45: rtr-1: 000046: .Nov 24 20:14:11.123 UTC: %LINK-3-UPDOWN: Gi0/1 down",
        ("rtr-1", "LINK", "ERROR", "Gi0/1 down"),
        "2026-11-24T20:14:11.123",
    ),
    "Cisco NX-OS": (
        "<189>: 2026 Nov 24 20:22:58 UTC: %ETHPORT-5-IF_UP: Ethernet1/1 is up",
        ("192.0.2.7", "ETHPORT", "INFO", "Ethernet1/1 is up"),
        "2026-11-24T20:22:58",
    ),
    "OpenWrt": (
        "<30>Nov 24 20:22:58 OpenWrt dnsmasq-dhcp[2217]: DHCPACK(br-lan) 192.168.1.5",
        ("OpenWrt", "dnsmasq-dhcp", "INFO", "DHCPACK(br-lan) 192.168.1.5"),
        "2026-11-24T20:22:58",
    ),
    "UniFi without a host": (
        "<30>Nov 24 20:22:58 U7PG2,788a20aabbcc,v4.0.42: hostapd: ath0: STA joined",
        ("192.0.2.7", "hostapd", "INFO", "ath0: STA joined"),
        "2026-11-24T20:22:58",
    ),
    "UniFi in quotes": (
        '<14>Nov 24 20:22:58 ("U7LT,f09fc2000000,v3.9.27.8537") syslog: dropbear exit',
        ("192.0.2.7", "syslog", "INFO", "dropbear exit"),
        "2026-11-24T20:22:58",
    ),
    "UniFi with a host": (
        "<13>Nov 24 20:22:58 UAP-Office 788a20aabbcc,UAP-AC-Pro-Gen2-6.0.21+13673: hostapd[2912]: ath0",
        ("UAP-Office", "hostapd", "INFO", "ath0"),
        "2026-11-24T20:22:58",
    ),
    "RouterOS": (
        "<30>system,info,account user admin logged in",
        ("192.0.2.7", "system", "INFO", "user admin logged in"),
        None,
    ),
    "RouterOS, BSD style": (
        "<28>Nov 24 20:22:58 MikroTik firewall,warning forward: in:bridge",
        ("MikroTik", "firewall", "WARN", "forward: in:bridge"),
        "2026-11-24T20:22:58",
    ),
    "FortiGate": (
        '<189>date=2026-11-24 devname="FG100" level="warning" type="traffic"',
        (
            "192.0.2.7",
            "unknown",
            "WARN",
            'date=2026-11-24 devname="FG100" level="warning" type="traffic"',
        ),
        None,
    ),
    "ESXi": (
        "<163>2026-11-24T20:22:58.123Z esx01.example.org Hostd: failed [Originator@1]",
        ("esx01.example.org", "Hostd", "ERROR", "failed [Originator@1]"),
        "2026-11-24T20:22:58.123",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_lines_of_real_senders(case: str) -> None:
    raw, expected, when = CASES[case]
    row = event(raw)

    assert (row["host"], row["service"], row["level"], row["message"]) == expected
    assert at(row["timestamp"]) == (at(when) if when else NOW)


def test_what_single_makers_add_is_in_the_meta() -> None:
    cisco = event(CASES["Cisco IOS with its name"][0])
    assert cisco["event_type"] == cisco["meta_json"]["msgid"] == "LINK-3-UPDOWN"
    assert cisco["meta_json"]["sequence"] == "000046"
    assert event(CASES["UniFi without a host"][0])["meta_json"]["device"].startswith("U7PG2,")
    assert event(CASES["RouterOS"][0])["meta_json"]["topics"] == "system,info,account"
    assert event(CASES["rfc 3"][0])["meta_json"]["zone"] == "CST"


def test_an_absurd_time_is_kept_beside_that_of_the_reception() -> None:
    assert event(CASES["rfc 3"][0])["meta_json"]["timestamp"] == "Aug 24 05:34:00 CST 1987"
    assert "timestamp" not in event(CASES["rfc 1"][0])["meta_json"]


@pytest.mark.parametrize(
    ("received", "month", "day", "expected"),
    [
        ("2027-01-01T00:00:30", 12, 31, "2026-12-31T23:59:58"),
        ("2026-12-31T23:59:59", 1, 1, "2027-01-01T23:59:58"),
        ("2026-12-31T23:59:59", 12, 31, "2026-12-31T23:59:58"),
        ("2026-12-31T12:00:00", 1, 2, None),
        ("2028-03-01T12:00:00", 2, 29, "2028-02-29T23:59:58"),
        ("2027-03-01T12:00:00", 2, 29, None),
        ("2026-12-01T12:00:00", 7, 1, "2026-07-01T23:59:58"),
    ],
)
def test_a_missing_year_is_the_nearest(
    received: str, month: int, day: int, expected: str | None
) -> None:
    stamp = Stamp("", None, month, day, (23, 59, 58, 0))

    assert resolve(stamp, at(received), UTC) == (at(expected) if expected else None)


def test_the_hour_that_comes_twice_is_the_one_nearest_to_the_reception() -> None:
    stamp = Stamp("", None, 10, 25, (2, 30, 0, 0))

    assert resolve(stamp, at("2026-10-25T00:31:00"), BERLIN) == at("2026-10-25T00:30:00")
    assert resolve(stamp, at("2026-10-25T01:31:00"), BERLIN) == at("2026-10-25T01:30:00")


@pytest.mark.parametrize(
    ("stamp", "kept"),
    [
        ("2026-11-25T20:42:29Z", True),
        ("2026-11-25T20:42:31Z", False),
        ("2025-11-24T00:00:00Z", True),
        ("2025-11-20T00:00:00Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("9999-12-31T23:59:60-23:59", False),
        ("2026-02-31T00:00:00Z", False),
    ],
)
def test_times_out_of_order_give_way_to_that_of_the_reception(stamp: str, kept: bool) -> None:
    row = event(f"<14>1 {stamp} h a - - - text")

    assert (at(row["timestamp"]) == at(stamp)) if kept else (at(row["timestamp"]) == NOW)
    assert ("timestamp" in row["meta_json"]) is not kept


def test_times_without_a_zone_are_in_the_configured_one_or_this_machines() -> None:
    line = "<13>Nov 24 20:22:58 host app: text"
    data = line.encode()
    local = to_event(Received(NOW, PEER, data, len(data)), "cursor")

    assert event(line, zone="Europe/Berlin")["timestamp"] == "2026-11-24T19:22:58.000000Z"
    here = datetime(2026, 11, 24, 20, 22, 58).timestamp()
    assert at(local["timestamp"]) == round(here * 1e6)


def test_the_level_in_the_text_counts_only_where_the_severity_is_a_default() -> None:
    assert event("<13>app: ERROR: no space")["level"] == "ERROR"
    assert event("app: ERROR: no space")["level"] == "ERROR"
    assert event("<12>app: ERROR: no space")["level"] == "WARN"
    assert event("<15>app: ERROR: no space")["level"] == "DEBUG"


def test_json_codes_and_traces_are_found_as_in_the_journal() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    row = event(f'<13>app: {{"level":"error","msg":"connect: ETIMEDOUT","trace_id":"{trace}"}}')

    assert (row["level"], row["message"]) == ("ERROR", "connect: ETIMEDOUT")
    assert (row["error_code"], row["trace_id"]) == ("ETIMEDOUT", trace)


def test_the_kernels_lines_have_their_event_types() -> None:
    assert event("<4>Nov 24 20:22:58 h kernel: Out of memory: Killed process 1")["event_type"] == (
        "kernel.oom"
    )


def test_the_host_can_be_the_senders_address() -> None:
    row = event("<14>1 - name - - - - text", host_is_sender=True)

    assert (row["host"], row["meta_json"]["hostname"]) == ("192.0.2.7", "name")
    data = b"text"
    six = Received(NOW, "[2001:db8::7]:514", data, len(data))
    assert to_event(six, "cursor")["host"] == "2001:db8::7"


def test_bytes_that_are_no_utf8_and_control_codes_stay_readable() -> None:
    row = event(b"<13>Nov 24 20:22:58 host app: caf\xe9 \x1b[31mred\x1b[0m a\x00b\r\n")

    assert row["message"] == "caf\\xe9 red a\\x00b"


def test_a_long_message_is_clipped_and_says_so() -> None:
    text = b"x" * 200_000
    whole = b"<13>1 - - app - - - " + text
    received = Received(NOW, PEER, whole[:KEPT], len(whole))
    row = to_event(received, "cursor")

    assert row["message"] == "x" * MESSAGE_MAX_BYTES
    assert row["meta_json"]["message_bytes"] == len(text)


def test_a_header_that_leaves_no_room_is_told_too() -> None:
    whole = b"<13>1 - - app - - - " + b"x" * 70_000
    row = to_event(Received(NOW, PEER, whole[:40_000], len(whole)), "cursor")

    assert row["meta_json"]["message_bytes"] == 70_000
    assert row["message"] == "x" * len(row["message"])


WORDS = [b"<13>", b"<34>1 ", b"- ", b"Nov 24 20:22:58", b"2026-11-24T20:22:58Z", b" host "]
WORDS += [b"app[1]: ", b'[a k="v"]', b"[", b'"', b"\\", b"]", b": ", b"%ASA-6-1: ", b"*", b"12: "]
WORDS += [b"a,info ", b"\n"]
ANY = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=20))).map(b"".join)


@given(ANY, st.integers(0, 2**56))
@example(b"<13>1 - - - - - " + b"[a" * 20_000, 0)
@example(b"a" * 70_000, 0)
@example(b"<13>Nov 24 20:22:58 " + b"a,b" * 20_000, 0)
@example(b"<13>" + b"A-" * 30_000, 0)
@example(b'<13>1 - - - - - [a k="' + b"\\" * 60_000, 0)
def test_any_bytes_give_an_event(raw: bytes, received_us: int) -> None:
    body = to_json(Received(received_us, PEER, raw, len(raw)), "cursor")
    row = orjson.loads(body)

    assert set(row) >= {"uid", "timestamp", "host", "service", "level", "message", "meta_json"}


PIECES = (b"[a ", b'a="', b"a,", b"%A-", b"a: ", b"[1] ", b"<1>", b"Nov 24 ", b"1: ")


@pytest.mark.parametrize("piece", PIECES)
def test_no_repetition_takes_more_than_linear_time(piece: bytes) -> None:
    """What is quadratic would take minutes here."""
    for head in (b"", b"<13>1 - - - - - ", b"<13>Nov 24 20:22:58 ", b"<13>1: "):
        row = event(head + piece * (60_000 // len(piece)))
        assert row["message"].rstrip().endswith(piece.decode().rstrip())
