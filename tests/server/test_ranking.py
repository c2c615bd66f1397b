"""Patterns ranked by meaning and words, with the real model on a real database."""

from pathlib import Path

import pytest

from server.app import Home
from server.embedder import SentenceEmbedder
from server.index import MeaningIndex
from tools.ingest_logs import INGEST_LOGS
from tools.similar_logs import NOISE, SIMILAR_LOGS, WEAK

ROWS = [
    ("sshd", "Failed password for root from 203.0.113.9 port 40022 ssh2"),
    ("nginx", "connect() failed (111: Connection refused) while connecting to upstream"),
    ("nginx", "worker process 212 exited on signal 11"),
    ("smartd", "Device: /dev/sda, 8 Offline uncorrectable sectors"),
    ("backup", "2026-11-20 02:00:01 ERROR org.example.backup.Target: volume is full, 0 bytes left"),
    ("backup", "2026-11-20 02:00:01 INFO org.example.backup.Target: volume mounted"),
    ("cron", "(root) CMD (run-parts /etc/cron.hourly)"),
    ("dhcpd", "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0: network lan: no free leases"),
]


@pytest.fixture
async def filled(home: Home) -> Home:
    """The rows above, embedded."""
    events = [{"service": service, "message": message} for service, message in ROWS]
    await INGEST_LOGS.call({"events": events}, await home.deps())
    await home.catch_up()
    return home


async def ranked_texts(parts: Home, text: str) -> list[str]:
    """The patterns' texts, best first."""
    rows = await parts.store.vectors.patterns()
    texts = {row.id: row.text for row in rows}
    return [texts[one.pattern_id] for one in await parts.index.rank(text)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("somebody guesses the administrator's password", "Failed password"),
        ("ECONNREFUSED", "Connection refused"),
        ("no disk space left for the backup", "volume is full"),
        ("hard disk has unreadable blocks", "uncorrectable sectors"),
        ("out of ip addresses", "no free leases"),
        ("web server worker crashed with a segfault", "exited on signal"),
    ],
)
async def test_other_words_find_the_pattern(filled: Home, asked: str, found: str) -> None:
    """A question in words of its own has the pattern first."""
    [first, *_] = await ranked_texts(filled, asked)
    assert found in first


@pytest.mark.parametrize(
    "asked",
    [
        "2027-01-05 23:11:59 ERROR org.example.backup.Target: volume is full, 17 bytes left",
        "volume is full, 4096 bytes left",
    ],
)
async def test_a_line_finds_its_own_pattern(filled: Home, asked: str) -> None:
    """Pasted whole or without its header, a line has its pattern first, and is met for sure."""
    [first, second, *_] = await filled.index.rank(asked)
    assert "volume is full" in (await ranked_texts(filled, asked))[0]
    assert first.score > second.score + 0.3
    assert first.confidence > WEAK


async def test_every_pattern_is_ranked(filled: Home) -> None:
    """Whatever is asked, each pattern has a place, in the order of the scores."""
    for asked in ("disk", "nothing of this", "…"):
        ranked = list(await filled.index.rank(asked))
        assert len({one.pattern_id for one in ranked}) == len(ROWS)
        scores = [one.score for one in ranked]
        assert scores == sorted(scores, reverse=True)
        assert all(one.confidence <= ranked[0].score for one in ranked)


async def test_a_filter_reaches_what_is_ranked_low(filled: Home) -> None:
    """Of a service whose patterns are all far behind, what is above the noise is still found."""
    asked = {"text": "too many bad sectors on the volume", "service": "backup"}
    page = await SIMILAR_LOGS.call(asked, await filled.deps())
    assert page.patterns
    assert all(row.service == "backup" and row.score >= NOISE for row in page.patterns)


@pytest.mark.parametrize("asked", ["please water the plants", "helm chart upgrade timed out"])
async def test_what_was_never_logged_is_weak_or_not_found(filled: Home, asked: str) -> None:
    """An answer to a question about something else does not look like a find."""
    page = await SIMILAR_LOGS.call({"text": asked}, await filled.deps())
    assert all(row.weak for row in page.patterns)


async def test_without_a_model_words_rank(filled: Home, tmp_path: Path) -> None:
    """While the embedder is out of order, patterns are ranked by their words, and it is said."""
    embedder = SentenceEmbedder(str(tmp_path / "nowhere"))
    index = MeaningIndex(filled.store.vectors, embedder)
    await index.refresh()
    ranked = list(index.rank("worker exits", await index.vector_of("worker exits")))
    rows = {row.id: row.text for row in await filled.store.vectors.patterns()}
    assert "exited on signal" in rows[ranked[0].pattern_id]
    assert "nowhere" in index.state()["degraded"]
    embedder.close()


async def test_vectors_of_another_form_of_text_are_made_again(filled: Home) -> None:
    """What was embedded under another name waits for its vector."""
    vectors, name = filled.store.vectors, filled.embedder.name
    assert (await vectors.count_waiting(name)).count == 0
    older = await vectors.count_waiting(name.replace("(texts", "(older texts"))
    assert older.count == len(ROWS)
