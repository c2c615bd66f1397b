"""Ways to damage journal files, repeatable by their seed."""

import random
from pathlib import Path


def flip_bytes(file: Path, count: int, seed: int) -> None:
    """Change `count` bytes somewhere behind the header and the hash tables."""
    dice = random.Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(count):
        at = dice.randrange(len(data) // 3, len(data) - 1024 * 1024)
        data[at] ^= dice.randrange(1, 256)
    file.write_bytes(data)


def zero_share(file: Path, share: float) -> None:
    """Zero a run of bytes where the file holds entries on both sides of it."""
    data = bytearray(file.read_bytes())
    length = int(len(data) * share)
    at = len(data) // 3
    data[at : at + length] = bytes(length)
    file.write_bytes(data)
