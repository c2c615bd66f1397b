"""The loop that one finds in books: seek to the saved cursor, skip it, read to the end."""

import json
import sys

from systemd import _reader


def main(folder: str, after: str, limit: str) -> None:
    """Print what is read, cursor to message, as JSON."""
    reader = _reader._Reader(0, path=folder)
    if after:
        reader.seek_cursor(after)
        reader._next()
    else:
        reader.seek_head()
    read: dict[str, str] = {}
    while (not limit or len(read) < int(limit)) and reader._next():
        try:
            read[reader._get_cursor()] = reader._get("MESSAGE").decode()
        except (OSError, ValueError, KeyError):
            continue  # a damaged entry
    print(json.dumps(read))


if __name__ == "__main__":
    main(*sys.argv[1:])
