"""What people see at a terminal: rows as a table, answers, progress; plain text in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from server.embedding_worker import Progress as Report
from server.similar_table import similar_table
from server.steps import Answer
from tools.answers import event_line, moment_text
from tools.log_context import ContextPage
from tools.plain import clean, one_line, plain_json
from tools.query_logs import LogPage
from tools.records import Event
from tools.similar_logs import SimilarPage, foot_lines, head_line, pattern_lines, similar_lines

_STYLES = {
    "DEBUG": "dim",
    "INFO": "",
    "WARN": "yellow",
    "ERROR": "red",
    "CRITICAL": "bold red",
    "FATAL": "bold white on red",
}


class _Count(MofNCompleteColumn):
    """How many of how many; where the latter is not known, how many."""

    def render(self, task: Task) -> Text:
        """See MofNCompleteColumn."""
        return super().render(task) if task.total is not None else Text(f"{task.completed:,.0f}")


class Screen:
    """Standard output as a table-drawing terminal, or as plain lines in a pipe."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._err = Console(stderr=True, highlight=False)

    def say(self, text: str, style: str = "") -> None:
        """Lines of ours; markup in them means nothing, and no control code reaches a terminal,
        whoever wrote what they repeat.
        """
        self._out.print(Text(clean(text), style=style))

    def complain(self, text: str) -> None:
        """An error, on standard error."""
        self._err.print(Text(clean(text), style="red"), soft_wrap=True)

    def json(self, value: object) -> None:
        """A value for programs, whole; a terminal that shows it obeys nothing in it."""
        sys.stdout.write(plain_json(orjson.dumps(value, default=str).decode()) + "\n")

    def note(self, text: str) -> None:
        """A word on what was done, on standard error: standard output may be the result itself."""
        self._err.print(Text(clean(text)), soft_wrap=True)

    @contextmanager
    def progress(self, task: str, in_bytes: bool = False) -> Iterator[Report]:
        """A progress bar on standard error for one long step; the report moves it."""
        numbers = DownloadColumn() if in_bytes else _Count()
        columns = (TextColumn("{task.description}"), BarColumn(), numbers)
        with Progress(*columns, TimeElapsedColumn(), console=self._err) as bar:
            shown = bar.add_task(task, total=None)
            yield lambda done, total: bar.update(shown, completed=done, total=total)

    def answer(self, answer: Answer, most_rows: int) -> None:
        """The understood call, the rows, the answer."""
        self.say(f"→ {one_line(answer.call, 300)}", "cyan")
        self.rows(answer.page, most_rows)
        self.say(answer.text)

    def rows(self, page: object, most: int) -> None:
        """The events or patterns of a page, newest or nearest first."""
        if isinstance(page, LogPage):
            self._events(page.events[:most])
            hidden = len(page.events) - most
            if hidden > 0:
                self.say(f"… {hidden} more rows were read; --rows N or --json shows them", "dim")
        elif isinstance(page, ContextPage):
            self._events(page.events)
        elif isinstance(page, SimilarPage):
            self._patterns(page)

    def _events(self, events: list[Event]) -> None:
        if not (self._out.is_terminal and events):
            for event in events:
                self.say(event_line(event))
            return
        table = Table(box=None, pad_edge=False)
        for name in ("id", "time (UTC)", "level", "host", "service"):
            table.add_column(name, no_wrap=True)
        table.add_column("message", overflow="fold")
        for event in events:
            cells = (f"#{event.id}", moment_text(event.timestamp), event.level, event.host)
            row = [*cells, event.service, one_line(event.message, 300)]
            table.add_row(*(Text(one_line(cell, 400)) for cell in row), style=_STYLES[event.level])
        self._out.print(table)

    def similar(self, page: SimilarPage) -> None:
        """The whole answer of similar_logs: a table at a terminal, the tool's lines in a pipe."""
        if not self._out.is_terminal:
            for line in similar_lines(page):
                self.say(line)
            return
        self.say(head_line(page), "bold")
        self._out.print(similar_table(page))
        for line in foot_lines(page):
            self.say(line, "dim")

    def _patterns(self, page: SimilarPage) -> None:
        if self._out.is_terminal:
            self._out.print(similar_table(page))
            return
        for rank, found in enumerate(page.patterns, 1):
            for line in pattern_lines(rank, found):
                self.say(line)
