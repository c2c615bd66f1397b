"""Lines out of pieces, wherever the pieces end, and the places where they stand."""

from hypothesis import example, given
from hypothesis import strategies as st

from shipper.file_lines import KEPT, Line, LineCutter

texts = st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\0", b"\xff", b"long text"])).map(
    b"".join
)
cuts = st.lists(st.integers(0, 400))


def cut(text: bytes, places: list[int], offset: int = 0) -> tuple[list[Line], Line | None]:
    cutter, lines, done = LineCutter(offset), [], 0
    for place in [*sorted(place for place in places if place < len(text)), len(text)]:
        lines += cutter.feed(text[done:place])
        done = place
    return lines, cutter.rest()


@given(texts, cuts)
def test_lines_do_not_depend_on_where_pieces_end(text: bytes, places: list[int]) -> None:
    assert cut(text, places) == cut(text, [])


@given(texts, cuts, st.integers(0, 1_000))
def test_lines_stand_where_they_say_and_leave_nothing_out(
    text: bytes, places: list[int], offset: int
) -> None:
    lines, rest = cut(text, places, offset)
    everything = [*lines, rest] if rest else lines

    for line in everything:
        whole = text[line.start - offset : line.end - offset]
        assert whole.lstrip(b"\0").removesuffix(b"\n").removesuffix(b"\r") == line.raw
        assert text[line.text_at - offset :].startswith(line.raw)
        assert line.size == len(line.raw)
    assert [line.start for line in everything[1:]] == [line.end for line in everything[:-1]]
    end = everything[-1].end if everything else offset
    assert not text[end - offset :].strip(b"\0")


@given(st.binary(max_size=300), st.integers(0, 300))
@example(b"x" * (KEPT + 5) + b"\r\ny\n", 3)
def test_going_on_behind_a_line_gives_the_same_lines(text: bytes, number: int) -> None:
    lines, rest = cut(text, [])
    if lines:
        first = lines[number % len(lines)]
        again, rest_again = cut(text[first.end :], [], first.end)
        assert (again, rest_again) == (lines[lines.index(first) + 1 :], rest)


def test_of_an_endless_line_only_the_head_is_kept() -> None:
    cutter = LineCutter()
    for _ in range(2_000):
        assert cutter.feed(b"x" * 65_536) == []
    held = sum(len(value) for value in vars(cutter).values() if isinstance(value, bytearray))
    (line,) = cutter.feed(b"\n")

    assert held == KEPT
    assert (line.size, len(line.raw)) == (2_000 * 65_536, KEPT)


def test_a_hole_of_nuls_does_not_hide_the_line_behind_it() -> None:
    """As a writer that does not append leaves it after a truncation."""
    cutter = LineCutter()
    for _ in range(10):
        cutter.feed(b"\0" * KEPT)
    (line,) = cutter.feed(b"the next line\n")

    assert line.raw == b"the next line"
    assert (line.start, line.text_at) == (0, 10 * KEPT)
