"""Which files are followed: new ones are met, known ones are known again wherever they went."""

import logging
import time
from collections.abc import Callable

from shipper.fields import as_text
from shipper.file_content import UNREADABLE, Handles, Key, Mark, Packed, Plain, head_of
from shipper.file_positions import Position, Positions
from shipper.file_search import Found, Globs, is_rotated, siblings
from shipper.log_file import LogFile

LOOK_FOR = 60.0
"""Seconds for which the old content of a file is looked for beside it."""

IDLE = 3_600
"""Seconds without a change after which a rotated file that no glob matches is let go."""

CERTAIN = 4_096
"""Acknowledged bytes by which a copy is known again whatever its name, if its lines have times."""

log = logging.getLogger(__name__)


class Roster:
    """The files of some globs. `wall` and `now` are clocks in seconds, of the day and monotonic."""

    def __init__(
        self,
        globs: Globs,
        positions: Positions,
        follow: bool,
        wall: Callable[[], float] = time.time,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.files: dict[Key, LogFile] = {}
        self.truncated = 0
        """How often a file was found to begin anew."""
        self._globs = globs
        self._positions = positions
        self._follow = follow
        self._wall = wall
        self._now = now
        self._handles = Handles()
        self._holders: dict[str, LogFile] = {}
        self._missing: dict[str, float] = {}
        self._done_with: set[tuple[Key, int]] = set()
        """Packed files that need no second look, with the times when they were written."""
        self._given_up: dict[str, str] = {}
        self._warned: set[tuple[str, str]] = set()

    def begin(self) -> None:
        """The first look, which also searches for what was rotated away in the meantime."""
        self._missing = {one.id: self._now() + LOOK_FOR for one in self._positions.all()}
        self.look(starting=True)

    def look(self, starting: bool = False) -> None:
        """Take in new, renamed and deleted files."""
        found = self._globs.find()
        for file in list(self.files.values()):
            self._keep_up(file, found)
        for one in found.values():
            if one.key not in self.files and (one.key, one.written) not in self._done_with:
                self._meet(one, one.path)
                if not starting:
                    self._meet_between(one)
        for name, until in list(self._missing.items()):
            position = self._positions.get(name)
            if position is None or name in self._holders or self._now() > until:
                self._missing.pop(name, None)
            elif self._globs.match(position.path):
                self._search(position, starting)
        self._remember()
        self._say()

    def identify(self, file: LogFile, final: bool) -> bool:
        """Find out which generation a file is; whether that is known now.

        `final`: nothing more will come, so that half a line has to do.
        """
        head = head_of(file.content, final)
        if head is None:
            return False
        position, copied = self._recognised(file, head)
        if position is not None:
            self._hold(file, position)
        elif file.packed and self._follow and not file.wanted:
            if not copied:
                self._pass_over(file)
        elif not copied:
            now = int(self._wall())
            self._hold(file, self._positions.new(file.key, as_text(file.path), head, now))
        return file.position is not None

    def start_over(self, file: LogFile) -> None:
        """A file has been truncated; what was not read of it may be in a copy beside it."""
        self.truncated += 1
        log.warning("%s was truncated: it is read from its beginning", file.content.path)
        if file.position is not None:
            self._holders.pop(file.position.id, None)
            self._missing[file.position.id] = self._now() + LOOK_FOR
        file.start_over()

    def drop(self, file: LogFile) -> None:
        """A file is done with."""
        file.content.close()
        self.files.pop(file.key, None)
        if file.position is not None:
            self._holders.pop(file.position.id, None)
        if file.packed:
            self._done_with.add((file.key, file.written))
        if file.trouble:
            self._given_up[file.content.path] = file.trouble

    def lost(self, file: LogFile) -> None:
        """A file is gone that was not open: it is looked for under the names of rotation."""
        self.drop(file)
        if file.position is not None:
            self._missing[file.position.id] = self._now() + LOOK_FOR

    def close(self) -> None:
        """Let go of every file."""
        for file in self.files.values():
            file.content.close()
        self._handles.close_all()

    def _keep_up(self, file: LogFile, found: dict[Key, Found]) -> None:
        one = found.get(file.key)
        if one is None:
            one = next((each for each in siblings(file.path) if each.key == file.key), None)
            idle = one is not None and one.written < (self._wall() - IDLE) * 1e9
            if one is None and not file.content.is_open:
                self.lost(file)
            elif one is not None and idle and one.size == file.read_to:
                self.drop(file)
        file.deleted = one is None
        if one is not None:
            file.moved = one.path != file.path
            file.content.path = one.path

    def _meet(self, one: Found, path: str) -> None:
        """Follow a file. Known inodes come before copies, which are told by content later."""
        file = self._file(one, path)
        self.files[one.key] = file
        try:
            for position in self._positions.with_inode(one.key.inode):
                same = position.device == one.key.device or position.path == as_text(path)
                if same and position.id not in self._holders and position.fits(file.content):
                    self._hold(file, position)
                    return
        except UNREADABLE as error:
            self.trouble(file, error)

    def trouble(self, file: LogFile, error: Exception) -> None:
        """A file cannot be read, for now at least."""
        file.trouble = str(error) or type(error).__name__
        self._warn(file.content.path, file.trouble)

    def troubles(self) -> dict[str, str]:
        """Why which paths cannot be read."""
        now = {file.content.path: file.trouble for file in list(self.files.values())}
        return self._given_up | {path: why for path, why in now.items() if why}

    def _file(self, one: Found, path: str) -> LogFile:
        content = (
            Packed(one.path, one.key) if one.packed else Plain(one.path, one.key, self._handles)
        )
        file = LogFile(path, one.key, content, self._now())
        file.packed, file.written = one.packed, one.written
        return file

    def _hold(self, file: LogFile, position: Position) -> None:
        if (position.device, position.inode) != file.key:
            self._positions.moved(position, file.key)
        self._holders[position.id] = file
        self._missing.pop(position.id, None)
        if as_text(file.path) != position.path:
            file.path = position.path
        file.moved = file.content.path != file.path
        file.resume(position)

    def _recognised(self, file: LogFile, head: Mark) -> tuple[Position | None, bool]:
        """The generation that a file continues, and whether it copies one that is still there."""
        for position in self._positions.with_head(head):
            holder = self._holders.get(position.id)
            held = holder is not None and self._still_holds(holder)
            if not _akin(position, file):
                continue
            if holder is not None and held:
                if file.is_copy_of(holder):
                    return None, True
            elif position.fits(file.content):
                return position, False
        return None, False

    def _still_holds(self, holder: LogFile) -> bool:
        """Whether a file has the generation still that it was last seen with."""
        try:
            if not holder.changed():
                return True
        except UNREADABLE:
            self.lost(holder)
            return False
        self.start_over(holder)
        return False

    def _pass_over(self, file: LogFile) -> None:
        """A packed file that continues nothing known: old news, unless everything is wanted."""
        self._warn(file.content.path, "it is packed, and such files are read with --once")
        self.drop(file)

    def _search(self, position: Position, starting: bool) -> None:
        """Look for a generation under the names that rotation gives."""
        beside = siblings(position.path)
        for one in beside:
            if one.key in self.files:
                continue
            file = self._file(one, position.path)
            try:
                fits = position.fits(file.content)
            except UNREADABLE:
                fits = False
            if fits:
                self.files[one.key] = file
                self._hold(file, position)
                if one.packed or one.size > position.reached.offset:
                    log.warning("the rest of %s is read from %s", position.path, one.path)
                if starting:
                    self._meet_newer(beside, one.written, position.path)
                return
            file.content.close()

    def _meet_between(self, newest: Found) -> None:
        """When a path has a new file, there may have been others since the last one known."""
        beside = siblings(newest.path)
        known = [one.written for one in beside if one.key in self.files and one.key != newest.key]
        if known:
            self._meet_newer(beside, max(known), newest.path)

    def _meet_newer(self, beside: list[Found], than: int, path: str) -> None:
        """Generations that came and went after one of that age, and that nobody has met."""
        for one in beside:
            if one.written > than and one.key not in self.files:
                self._meet(one, path)
                self.files[one.key].wanted = True

    def _remember(self) -> None:
        now = int(self._wall())
        for file in self.files.values():
            if file.position is not None:
                file.position.seen = now
        self._positions.forget(self._holders.keys(), now)

    def _say(self) -> None:
        for path, why in self._globs.skipped.items():
            self._warn(path, why)

    def _warn(self, path: str, why: str) -> None:
        if (path, why) not in self._warned:
            self._warned.add((path, why))
            log.warning("%s is not read: %s", path, why)


def _akin(position: Position, file: LogFile) -> bool:
    """Whether a file may hold the content of a generation, judged by name or else by certainty."""
    if file.key == (position.device, position.inode):
        return True
    if is_rotated(as_text(file.content.path), position.path):
        return True
    reached = position.reached
    return reached.offset >= CERTAIN and reached.clock.time_us is not None
