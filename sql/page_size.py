"""Bytes in a page of InnoDB: chosen when a data folder is made, then fixed for good."""

from pathlib import Path

_NEW = 32_768
"""Compressed pages end on a block of the file system, 4 KiB as a rule: of events' pages of 16 KiB
a third to a half is left, of 32 KiB a quarter. Pages of 64 KiB save hardly more."""

_FLAGS_AT = 54
_FULL_CRC32 = 0x10
_OLD_FORMAT = 16_384


def page_size(data: Path) -> int:
    """Of the data folder, or for it when it is still to be made.

    The first page of `ibdata1` holds it: FSP_SPACE_FLAGS, storage/innobase/include/fsp0types.h.
    """
    try:
        with (data / "ibdata1").open("rb") as file:
            file.seek(_FLAGS_AT)
            flags = int.from_bytes(file.read(4), "big")
    except FileNotFoundError:
        return _NEW
    return 512 << (flags & 0xF) if flags & _FULL_CRC32 else _OLD_FORMAT
