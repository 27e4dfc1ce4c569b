"""Jobs that run at a service under an id of its own: remembered before waiting, cancelled by anybody who knows the id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from providers.errors import ErrorKind, ProviderError


@dataclass(slots=True)
class RemoteJob:
    """One picture of ours while somebody waits for it. ``id`` is empty until the service has taken it."""

    name: str
    id: str = ""
    cancelled: bool = False

    def check(self) -> None:
        """Raise ``ProviderError`` (CANCELLED) once the job was cancelled."""
        if self.cancelled:
            raise ProviderError(ErrorKind.CANCELLED, self.name)


class RemoteJobs:
    """The jobs of one backend that are being waited for, by job key."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: dict[str, RemoteJob] = {}

    @contextmanager
    def waiting(self, job_key: str) -> Iterator[RemoteJob]:
        """A job for the length of the block."""
        job = self._waiting[job_key] = RemoteJob(self._name)
        try:
            yield job
        finally:
            if self._waiting.get(job_key) is job:
                del self._waiting[job_key]

    def find(self, job_key: str) -> RemoteJob | None:
        return self._waiting.get(job_key)


def safe_id(ref: Any) -> str:
    """An id fit for a path; empty for anything else."""
    return ref if isinstance(ref, str) and re.fullmatch(r"[\w-]{1,100}", ref) else ""
