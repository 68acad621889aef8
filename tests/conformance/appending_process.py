"""A process that appends to a store until it is killed, and says what was acknowledged.

`python appending_process.py URL PREFIX`: prints the id of each entry once it is durable.
"""

import asyncio
import sys
from itertools import count

from assent.stores import open_store
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock, entry


async def append(url: str, prefix: str) -> None:
    """Append and print until the process ends."""
    store = await open_store(url, SIGNER, CountedIds(), StoppedClock(), MASTER)

    async def produce(name: str) -> None:
        for number in count():
            acknowledged = f"{prefix}_{name}_{number}"
            await store.commit([], [entry(acknowledged)])
            print(acknowledged, flush=True)

    await asyncio.gather(*(produce(str(each)) for each in range(4)))


if __name__ == "__main__":
    asyncio.run(append(sys.argv[1], sys.argv[2]))
