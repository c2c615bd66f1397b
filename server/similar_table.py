"""Similar patterns as a table for a terminal."""

from rich.table import Table
from rich.text import Text

from tools.answers import minute_text
from tools.episodes import Episodes, followers_text
from tools.plain import one_line
from tools.similar_logs import SimilarPage, SimilarPattern

_HOSTS = 3
_TEXT = 200


def similar_table(page: SimilarPage) -> Table:
    """A row a pattern, weak ones dim: how near, how often, when, where, and what came next."""
    table = Table(box=None, pad_edge=False)
    table.add_column("score", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("first and last (UTC)", no_wrap=True)
    table.add_column("hosts", overflow="fold", min_width=6)
    table.add_column("occasions", min_width=16)
    table.add_column("pattern, newest, and what followed", overflow="fold", ratio=1)
    for found in page.patterns:
        table.add_row(*(Text(cell) for cell in _cells(found)), style="dim" if found.weak else "")
    return table


def _cells(found: SimilarPattern) -> tuple[str, ...]:
    hidden = len(found.hosts) - _HOSTS
    hosts = [one_line(host, 60) for host in found.hosts[:_HOSTS]]
    return (
        f"{found.score:.2f}{' weak' if found.weak else ''}",
        str(found.count),
        f"{minute_text(found.first_seen)}\n{minute_text(found.last_seen)}",
        "\n".join([*hosts, f"{hidden} more"] if hidden > 0 else hosts),
        _occasions(found.episodes) if found.episodes else "",
        "\n".join(_texts(found)),
    )


def _occasions(episodes: Episodes) -> str:
    now = "going on\n" if episodes.ongoing else ""
    each = [f"{minute_text(one.start)} x{one.count}" for one in episodes.latest]
    more = [f"{episodes.more} more"] if episodes.more else []
    return f"{episodes.total}\n{now}" + "\n".join(each + more)


def _texts(found: SimilarPattern) -> list[str]:
    lines = [one_line(f"{found.service}: {found.pattern}", _TEXT)]
    lines += [f"#{event.id} {one_line(event.message, _TEXT)}" for event in found.samples[:1]]
    if found.episodes and found.episodes.followed_by:
        lines.append(f"then within 10 min: {followers_text(found.episodes, 100)}")
    return lines
