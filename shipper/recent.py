"""The cursors handed over lately, so that a rewind does not hand them over again."""


class Recent:
    """At least the last `size` cursors, in two generations: no bookkeeping an entry."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: set[str] = set()
        self._old: set[str] = set()

    def __contains__(self, cursor: str) -> bool:
        return cursor in self._young or cursor in self._old

    def add(self, cursor: str) -> None:
        """Remember `cursor` as the newest."""
        self._young.add(cursor)
        if len(self._young) >= self._size:
            self._old, self._young = self._young, set()
