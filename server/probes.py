"""Things that may hang or kill a process, tried in one of their own: `python -m server.probes`.

torch may sit in a driver for ever, libsystemd may die of SIGBUS while a file is rotated away.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import NamedTuple

_SECONDS = 60.0


class Probed(NamedTuple):
    """What came of it."""

    ok: bool
    text: str


async def probed(*words: str, seconds: float = _SECONDS) -> Probed:
    """Try the thing that the words name, in a process that is killed when it takes too long."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.probes",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(child.communicate(), seconds)
    except TimeoutError:
        child.kill()
        await child.wait()
        return Probed(False, f"no answer within {seconds:.0f} s")
    text = out.decode(errors="replace").strip().rpartition("\n")[2]
    return Probed(child.returncode == 0, text or f"ended with status {child.returncode}")


def _embedder() -> None:
    from server.embedder import SentenceEmbedder
    from server.settings import ServerSettings

    settings = ServerSettings()
    embedder = SentenceEmbedder(settings.embedding_model, settings.device)
    try:
        width = asyncio.run(embedder.width())
    finally:
        embedder.close()
    _say(f"{settings.embedding_model}, {width} numbers a vector")


def _journal(cursor: str, path: str | None = None) -> None:
    from shipper.reader import Journal, Place

    match Journal(Place(path)).seek(cursor):
        case True:
            _say("the position is in the journal")
        case False:
            raise LookupError("the journal has dropped the entry up to which it was shipped")
        case None:
            raise LookupError("the journal holds nothing at or after the position")


_PROBES: dict[str, Callable[..., None]] = {"embedder": _embedder, "journal": _journal}


def _say(text: str) -> None:
    sys.stdout.write(text.replace("\n", " ") + "\n")


if __name__ == "__main__":
    try:
        _PROBES[sys.argv[1]](*sys.argv[2:])
    except Exception as error:  # whatever it is, its last line is what there is to tell
        _say(f"{type(error).__name__}: {error}"[:500])
        sys.exit(1)
