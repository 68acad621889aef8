"""Servers that conformance tests run against, one for all of them."""

from collections.abc import Iterator

import pytest

from conformance.postgres_cluster import PostgresCluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    with PostgresCluster() as cluster:
        yield cluster
