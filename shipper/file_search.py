"""Which log files there are: what globs match, and what a rotated file may have become."""

import glob
import os
import re
import stat
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from shipper.file_content import Key

GZIP_OR_ZSTD = (".gz", ".zst")
OTHER_PACKED = (".xz", ".bz2", ".zip", ".lz4", ".7z")
_ROTATED = re.compile(r"(?:[.-]\d[\d.:_T-]{0,30}|-\d{10}\.backup|\.old|~)?(?:\.gz|\.zst)?")
"""`-2026112014.backup` is what logrotate calls a new file that a program made before it could."""


class Found(NamedTuple):
    """A regular file, when it was last written (ns since 1970), and its bytes."""

    path: str
    key: Key
    written: int
    size: int

    @property
    def packed(self) -> bool:
        """Whether its name says that it is compressed."""
        return self.path.endswith(GZIP_OR_ZSTD)


class Globs:
    """Patterns of files. `skipped` says why a path that matches is not read."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = tuple(os.path.abspath(os.path.expanduser(one)) for one in patterns)
        self.unmatched: list[str] = []
        self.skipped: dict[str, str] = {}

    def find(self) -> dict[Key, Found]:
        """The regular files that match now."""
        found: dict[Key, Found] = {}
        self.unmatched, self.skipped = [], {}
        for pattern in self.patterns:
            paths = sorted(glob.glob(pattern, recursive=True))
            if not paths:
                self.unmatched.append(pattern)
            for path in paths:
                self._look_at(path, found)
        return found

    def match(self, path: str) -> bool:
        """Whether a path is one that is asked for."""
        return any(matches(path, pattern) for pattern in self.patterns)

    def _look_at(self, path: str, found: dict[Key, Found]) -> None:
        try:
            seen = os.lstat(path)
        except OSError:
            return  # gone since
        if reason := _reason(path, seen.st_mode):
            self.skipped[path] = reason
        else:
            one = _found(path, seen)
            found.setdefault(one.key, one)


def _reason(path: str, mode: int) -> str:
    """Why a path is not read, '' when it is."""
    if stat.S_ISLNK(mode):
        return "a symbolic link: name what it leads to"
    if stat.S_ISDIR(mode):
        return "a directory: name the files in it, as in DIRECTORY/*.log"
    if not stat.S_ISREG(mode):
        return "no regular file"
    if path.endswith(OTHER_PACKED):
        return "compressed in a way that is not read here"
    return ""


def _found(path: str, seen: os.stat_result) -> Found:
    key = Key(seen.st_dev, seen.st_ino)
    return Found(path, key, seen.st_mtime_ns, seen.st_size)


def matches(path: str, pattern: str) -> bool:
    """Whether a glob matches; `*` stays within a folder's name, `**` goes through any number."""
    return _parts_match(path.split("/"), pattern.split("/"))


def _parts_match(path: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_parts_match(path[at:], pattern[1:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _parts_match(path[1:], pattern[1:])


def is_rotated(path: str, original: str) -> bool:
    """Whether a path is the original's, or what rotation names its old content."""
    return path.startswith(original) and _ROTATED.fullmatch(path, len(original)) is not None


def siblings(original: str) -> list[Found]:
    """The regular files beside the original that may hold its old content, newest first."""
    folder = os.path.dirname(original)
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_rotated(entry.path, original) and entry.is_file(follow_symlinks=False):
                    found.append(_found(entry.path, entry.stat(follow_symlinks=False)))
    except OSError:
        return []
    return sorted(found, key=lambda one: one.written, reverse=True)
