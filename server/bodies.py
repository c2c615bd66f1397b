"""Ingest bodies: decompressed within bounds, then read as JSON or NDJSON without losing a line."""

import json
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import zstandard

from tools.errors import BadArguments, BadBatch, TooLarge

MAX_PLAIN = 64 * 1024 * 1024
"""Bytes of a body after decompression."""

_STEP = 1024
_MOST_PARTS = 10_000
"""Members of a gzip body, frames of a zstd body: some writers make one of each piece they send."""
_JSON = {"application/json", "text/json", ""}
_NDJSON = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
ENCODINGS = ("zstd", "gzip", "deflate", "identity")
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""zlib's names for the formats: gzip, and zlib's own, which HTTP calls deflate."""


class UnknownMedia(BadBatch):
    """A content type or encoding that no batch comes in; a door answers 415."""

    code = "unsupported_media_type"


def decompress(body: bytes, encoding: str, most: int = MAX_PLAIN) -> bytes:
    """The plain body.

    Raises:
        UnknownMedia: for an encoding that is none of ENCODINGS.
        TooLarge: over `most` bytes; BadBatch: when it is not what it says it is.
    """
    try:
        if encoding in {"", "identity"}:
            plain = body
        elif encoding in _WINDOWS:
            plain = _unpacked(body, partial(zlib.decompressobj, _WINDOWS[encoding]), encoding, most)
        elif encoding == "zstd":
            plain = _unpacked(body, zstandard.ZstdDecompressor().decompressobj, encoding, most)
        else:
            raise UnknownMedia(f"Content-Encoding {encoding!r} is none of {', '.join(ENCODINGS)}")
    except (zlib.error, zstandard.ZstdError) as error:
        raise BadBatch(f"the body is no {encoding}: {error}") from error
    if len(plain) > most:
        raise TooLarge(f"a body may have at most {most} bytes once decompressed")
    return plain


def _unpacked(body: bytes, begin: Callable[[], Any], encoding: str, most: int) -> bytes:
    """The parts of a body, each by a decompressor of its own; one byte too many is enough.

    In small steps: a step's output has no bound of its own, only a ratio to its input, and what
    follows a part is handed back as a copy.
    """
    plain, place, parts = bytearray(), 0, 0
    while place < len(body) or not parts:
        parts += 1
        if parts > _MOST_PARTS:
            raise TooLarge(f"a {encoding} body may have at most {_MOST_PARTS} parts")
        part = begin()
        while place < len(body) and not part.eof:
            step = body[place : place + _STEP]
            plain += part.decompress(step)
            place += len(step) - len(part.unused_data)
            if len(plain) > most:
                return bytes(plain)
        if not part.eof:
            raise BadBatch(f"the {encoding} body is cut short")
    return bytes(plain)


def read_records(body: bytes, media: str, key: str) -> tuple[list[Any], dict[str, Any]]:
    """The records of a batch and what else its object says (such as dry_run).

    `{"<key>": [...]}`, a bare array, or NDJSON by content type. A line of NDJSON that is no
    JSON stays in its place as text, so that it is refused by its index and not with the rest.

    Raises:
        UnknownMedia: for another content type; BadBatch: for anything that is no batch.
    """
    kind = media.partition(";")[0].strip().lower()
    if kind in _NDJSON:
        lines = [line for line in body.splitlines() if line.strip()]
        return [_line(line) for line in lines], {}
    if kind not in _JSON:
        raise UnknownMedia(f"Content-Type {kind!r} is none of application/json, x-ndjson")
    value = parse_json(body)
    if isinstance(value, list):
        return value, {}
    if isinstance(value, dict) and isinstance(value.get(key), list):
        return value[key], {name: entry for name, entry in value.items() if name != key}
    raise BadBatch(f'a batch is {{"{key}": [...]}}, a bare array, or NDJSON')


def _line(line: bytes) -> Any:
    try:
        return parse_json(line)
    except BadBatch:
        return line.decode("utf-8", "backslashreplace")


def parse_json(body: bytes) -> Any:
    """What the JSON says, of bytes that are not quite JSON too. Raises BadBatch."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Bytes that are no UTF-8, raw control characters, lone surrogates: slower, but kept.
        text = body.decode("utf-8", "surrogateescape")
    try:
        return _scrubbed(json.loads(text, strict=False))
    except (ValueError, RecursionError) as error:
        raise BadBatch(f"the body is no JSON: {error}") from error


def _scrubbed(value: Any) -> Any:
    """The value with what no database stores written out: stray bytes, lone surrogates."""
    if isinstance(value, str):
        return _written_out(value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
    return value


def _written_out(text: str) -> str:
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def read_object(body: bytes, media: str) -> dict[str, Any]:
    """The arguments in a JSON object.

    Raises:
        UnknownMedia, BadBatch: as `read_records`; BadArguments: for JSON that is no object.
    """
    kind = media.partition(";")[0].strip().lower()
    if kind not in _JSON:
        raise UnknownMedia(f"Content-Type {kind!r} is not application/json")
    value = parse_json(body)
    if not isinstance(value, dict):
        raise BadArguments.one("body", "must be a JSON object of arguments")
    return value
