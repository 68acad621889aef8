"""Blocking work, in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def within(thread: ThreadPoolExecutor, work: Callable[..., T], *given: object) -> T:
    """Return what `work` returns, done in `thread`."""
    return await asyncio.get_running_loop().run_in_executor(thread, partial(work, *given))
