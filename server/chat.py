"""`devmesh chat`: question after question at a terminal, or one a line from a pipe."""

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator

from server.app import home
from server.asking import agent_for, embedded_first
from server.chat_commands import Desk, obey
from server.command import OK, error_words, status_of
from server.conversation import Conversation
from server.settings import ServerSettings
from server.show import Screen
from server.tell import Teller, as_line
from sql.heard import listen
from tools.errors import DevMeshError

_ENDS = {"/quit", "/exit", "/q"}
_GREETING = "Ask about your logs; /help tells more, /quit ends."


async def chat(settings: ServerSettings, rows: int, as_json: bool) -> int:
    """Converse until the input ends; the exit status: the gravest of a pipe's, 0 for a person."""
    screen = Screen()
    person = sys.stdin.isatty()
    async with home(settings) as parts, agent_for(settings) as agent:
        conversation = Conversation(agent, parts.deps, embedded_first(parts, screen))
        talk = _Talk(conversation, Desk(parts, agent), screen, rows, as_json)
        if person and not as_json:
            screen.say(_GREETING, "dim")
        async for line in _typed() if person else _piped():
            if line.lower() in _ENDS:
                break
            if not person and not as_json:
                screen.say(f"? {line}", "bold")
            await talk.take(line)
    return OK if person else talk.status


class _Talk:
    """Takes the lines of a chat one by one; an error ends a line, never the chat."""

    def __init__(
        self,
        conversation: Conversation,
        desk: Desk,
        screen: Screen,
        rows: int,
        as_json: bool,
    ) -> None:
        self._conversation = conversation
        self._desk = desk
        self._screen = screen
        self._rows = rows
        self._as_json = as_json
        self.status = OK

    async def take(self, line: str) -> None:
        """Answer or obey one line; Ctrl-C stops it and leaves the chat as it is."""
        work = asyncio.create_task(self._done(line))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, work.cancel)
        try:
            await work
        except asyncio.CancelledError:
            if not work.cancelled():
                raise
            self._screen.complain("stopped")
        except DevMeshError as error:
            self._screen.complain(error_words(error))
            self.status = max(self.status, status_of(error))
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def _done(self, line: str) -> None:
        if line.startswith(("/", "#")):
            self._say(await obey(line, self._desk))
            return
        heard = listen()
        teller = Teller(self._screen, line, self._rows)
        async for step in self._conversation.ask(line):
            if self._as_json:
                self._screen.json(as_line(step))
            else:
                teller.tell(step)
        self._desk.statements[:] = heard

    def _say(self, text: str) -> None:
        if self._as_json:
            self._screen.json({"event": "said", "text": text})
        else:
            self._screen.say(text)


async def _typed() -> AsyncIterator[str]:
    """Lines that a person types, until Ctrl-D; Ctrl-C drops the line."""
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession("? ")
    while True:
        try:
            line = await session.prompt_async()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if line.strip():
            yield line.strip()


async def _piped() -> AsyncIterator[str]:
    """Lines of standard input that say something, as they come."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    # Of its own and not waited for: a pipe that stays open must not keep a stopped chat alive.
    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        if line.strip():
            yield line.strip()
