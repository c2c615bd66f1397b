"""One cluster for all of its tests: to start three nodes takes a while."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cluster import Cluster, missing_programs


@pytest.fixture(scope="session")
async def cluster(
    mariadb_prefix: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    """Three nodes, joined; each test leaves all three as it found them."""
    if lacking := missing_programs(mariadb_prefix):
        if os.environ.get("CI"):
            pytest.fail(f"{lacking}: missing, and CI must have it")
        pytest.skip(f"{lacking}: missing")
    cluster = Cluster(tmp_path_factory.mktemp("galera"), mariadb_prefix)
    try:
        await cluster.open()
        yield cluster
    finally:
        await cluster.close()
