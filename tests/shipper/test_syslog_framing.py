"""Messages in a TCP stream: RFC 6587 in both framings, whatever the pieces it comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import BadFrame
from shipper.spool_records import KEPT
from shipper.syslog_framing import LONGEST_COUNT, Frame, Framer


def frames(*pieces: bytes) -> list[Frame]:
    """What a connection that sends the pieces and ends gives."""
    framer = Framer()
    found = [frame for piece in pieces for frame in framer.feed(piece)]
    rest = framer.rest()
    return [*found, rest] if rest else found


def messages(*pieces: bytes) -> list[bytes]:
    return [frame.data for frame in frames(*pieces)]


def test_all_framings_in_one_stream() -> None:
    stream = b"8 <1>a\nb c<2>line\n9 <3>12 <4>\n<5>nul\x0010 <6>7 chars<7>crlf\r\nno pri\n"

    assert messages(stream) == [
        b"<1>a\nb c",
        b"<2>line",
        b"<3>12 <4>",
        b"<5>nul",
        b"<6>7 chars",
        b"<7>crlf\r",
        b"no pri",
    ]
    assert not any(frame.partial for frame in frames(stream))


def test_a_line_that_begins_with_a_number_is_a_line() -> None:
    assert messages(b"12 monkeys\n000123: *Mar 1\n2026-11-24 x\n5 <b>\n") == [
        b"12 monkeys",
        b"000123: *Mar 1",
        b"2026-11-24 x",
        b"5 <b>",
    ]


def test_empty_lines_and_line_ends_after_counted_messages_are_nothing() -> None:
    assert messages(b"\n\r\n6 <1>abc\n\x00\n6 <2>def\r\n") == [b"<1>abc", b"<2>def"]


@pytest.mark.parametrize("cut", [b"<1>half", b"20 <1>half", b"12", b"12 <1"])
def test_a_message_that_is_cut_off_is_kept_and_marked(cut: bytes) -> None:
    kept = b"<1>half" if b"half" in cut else cut

    assert frames(b"<0>whole\n" + cut) == [Frame(b"<0>whole", 8), Frame(kept, len(kept), True)]


def test_an_endless_line_takes_no_memory_and_tells_its_length() -> None:
    framer = Framer()
    for _ in range(200):
        assert list(framer.feed(b"x" * 10_000)) == []
        assert len(framer._head) <= KEPT
        assert len(framer._data) <= 10_000
    (frame,) = framer.feed(b"\n")

    assert (len(frame.data), frame.size) == (KEPT, 2_000_000)


def test_a_long_counted_message_is_clipped_and_the_next_one_whole() -> None:
    stream = b"1000000 <1>" + b"x" * (1_000_000 - 3) + b"6 <2>abc"
    first, second = frames(stream[:70_000], stream[70_000:])

    assert (len(first.data), first.size) == (KEPT, 1_000_000)
    assert second == Frame(b"<2>abc", 6)


def test_an_absurd_count_is_an_error_after_what_came_before() -> None:
    framer, found = Framer(), []
    bad = b"%d <1>tail" % (LONGEST_COUNT + 1)
    with pytest.raises(BadFrame, match="16777217 octets"):
        for frame in framer.feed(b"<0>good\n" + bad):
            found.append(frame)

    assert found == [Frame(b"<0>good", 7)]
    assert framer.rest() == Frame(bad, len(bad), True)


MESSAGE = st.binary(max_size=60).map(lambda text: b"<13>" + text)


@given(st.data(), st.lists(st.tuples(MESSAGE, st.booleans()), max_size=8))
def test_the_borders_of_the_pieces_do_not_matter(
    data: st.DataObject, sent: list[tuple[bytes, bool]]
) -> None:
    expected, stream = [], b""
    for text, counted in sent:
        message = text if counted else text.translate(None, b"\n\0")
        expected.append(message)
        stream += b"%d %b" % (len(message), message) if counted else message + b"\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert messages(*pieces) == expected


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_any_bytes_are_kept_but_for_what_lies_between_messages(pieces: list[bytes]) -> None:
    kept = b"".join(messages(*pieces))

    stripped = b"".join(pieces).translate(None, b"\r\n\0")
    if b"<" not in stripped:  # without a count nothing else is taken away
        assert kept.translate(None, b"\r\n\0") == stripped
