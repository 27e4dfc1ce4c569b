"""Token buckets in memory: so many uses at once, refilled evenly over a period."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class RateLimit:
    """``uses`` in ``seconds`` for each key, all at once if need be; 0 uses allow none. Full buckets are forgotten."""

    def __init__(self, uses: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._uses = uses
        self._seconds = seconds
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._tidied_at = clock()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, key: str) -> float:
        """Seconds until the next use is allowed; 0 when it is allowed now, infinite when it never is. Uses nothing up."""
        if self._uses == 0:
            return float("inf")
        missing = 1 - self._filled(key).tokens
        return max(0.0, missing * self._seconds / self._uses) if missing > 1e-9 else 0

    def use(self, key: str) -> None:
        """Use one up; call it only when ``wait`` is 0."""
        bucket = self._filled(key)
        bucket.tokens -= 1
        self._buckets[key] = bucket

    def _filled(self, key: str) -> _Bucket:
        moment = self._clock()
        self._tidy(moment)
        bucket = self._buckets.get(key)
        if bucket is None:
            return _Bucket(float(self._uses), moment)
        gained = (moment - bucket.filled_at) * self._uses / self._seconds
        bucket.tokens = min(float(self._uses), bucket.tokens + gained)
        bucket.filled_at = moment
        return bucket

    def _tidy(self, moment: float) -> None:
        """A bucket untouched for the whole period is full, and a full one is as good as none."""
        if moment - self._tidied_at <= self._seconds:
            return
        self._tidied_at = moment
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if moment - bucket.filled_at < self._seconds}
