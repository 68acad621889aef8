"""Work that is done by several processes, and handed back in order."""

import gc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Generic, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2
"""How many pieces of work wait for each process: more would only fill the memory."""

_RARELY = 1_000_000

_shared: Any = None


def _begin(shared: object) -> None:
    global _shared
    _shared = shared
    # Millions of small objects come and go, and none in circles: to look for circles is lost time.
    gc.freeze()
    gc.set_threshold(_RARELY)


def _call(function: Callable[[Any, Any], Any], item: object) -> Any:
    return function(_shared, item)


class Workers(Generic[Shared]):
    """Processes that have something in common. count: 1 means that nothing is started."""

    def __init__(self, count: int, shared: Shared) -> None:
        self._count = count
        self._shared = shared
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers[Shared]":
        if self._count > 1:
            self._pool = ProcessPoolExecutor(self._count, None, _begin, (self._shared,))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: object, __: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def map(
        self, function: Callable[[Shared, Item], Result], items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield what the function says of each item, in order. function: at module level."""
        if self._pool is None:
            for item in items:
                yield function(self._shared, item)
            return
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(self._pool.submit(_call, function, item))
            if len(waiting) > self._count * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
