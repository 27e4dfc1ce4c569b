"""Nearest aspect ratios, ranges and pixel limits of image services; pauses while waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract import Dropped
from providers.errors import ErrorKind, ProviderError
from providers.grid import within_pixels
from providers.images.limits import in_range, nearest_ratio, ratio_pair, ratio_pairs
from providers.images.polling import Pace, or_anew, recalled, wait_for

RATIOS = ("1:1", "16:9", "9:16", "9:19.5", "3:2", "2:3")


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((512, 512), "1:1"),
        ((1920, 1080), "16:9"),
        ((1080, 1920), "9:16"),
        ((1170, 2532), "9:19.5"),
        ((600, 400), "3:2"),
        ((5000, 10), "16:9"),
    ],
)
def test_the_nearest_ratio(size: tuple[int, int], ratio: str) -> None:
    assert nearest_ratio(*size, RATIOS) == ratio


@given(st.integers(1, 8192), st.integers(1, 8192))
def test_a_ratio_never_turns_a_picture_round(width: int, height: int) -> None:
    wide, high = ratio_pair(nearest_ratio(width, height, RATIOS))
    assert wide == high or (wide > high) == (width > height)


def test_ratios_as_pairs() -> None:
    assert ratio_pairs(("16:9", "9:19.5")) == ((16, 9), (6, 13))


@pytest.mark.parametrize(("value", "kept"), [(None, None), (5, 5), (0, 1), (99, 50)])
def test_numbers_are_brought_into_range_and_reported(value: int | None, kept: int | None) -> None:
    dropped: list[Dropped] = []
    assert in_range(value, 1, 50, "steps", dropped) == kept
    assert [d.why for d in dropped] == ([f"{value} became {kept}, it takes 1 to 50"] if value != kept else [])


@given(st.integers(1, 300), st.integers(1, 300))
def test_pixels_never_pass_the_limit(width: int, height: int) -> None:
    found = within_pixels(width * 16, height * 16, 4_000_000, 16)
    assert found[0] * found[1] <= 4_000_000
    assert all(side % 16 == 0 and side > 0 for side in found)


# --- waiting ---


class Looks:
    """Answers of a service, one a look; the last one stays."""

    def __init__(self, *found: str | ProviderError | None) -> None:
        self.left = list(found)
        self.count = 0

    async def __call__(self) -> str | None:
        self.count += 1
        found = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(found, ProviderError):
            raise found
        return found


def failing(kind: ErrorKind, wait: float | None = None) -> ProviderError:
    return ProviderError(kind, "it", retry_after=wait)


QUICK = Pace(first=0.0001, seconds=5, most=0.0002, failures=2)


async def test_waiting_forgives_passing_failures() -> None:
    looks = Looks(None, failing(ErrorKind.BUSY), failing(ErrorKind.UNREACHABLE), None, failing(ErrorKind.RATE_LIMITED), "there")
    assert await wait_for(looks, QUICK, "it") == "there"


@pytest.mark.parametrize(("kind", "looked"), [(ErrorKind.REFUSED, 1), (ErrorKind.UNAUTHORISED, 1), (ErrorKind.BUSY, 3)])
async def test_waiting_ends_with_lasting_failures(kind: ErrorKind, looked: int) -> None:
    looks = Looks(failing(kind))
    with pytest.raises(ProviderError) as caught:
        await wait_for(looks, QUICK, "it")
    assert (caught.value.kind, looks.count) == (kind, looked)


async def test_waiting_does_not_outlast_its_limit() -> None:
    for looks in (Looks(None), Looks(failing(ErrorKind.RATE_LIMITED, 3600))):
        with pytest.raises(ProviderError) as caught:
            await wait_for(looks, Pace(first=0.001, seconds=0.01), "it")
        assert caught.value.kind is ErrorKind.TIMED_OUT


async def test_only_a_lost_task_is_begun_anew() -> None:
    assert await or_anew(Looks("there")()) == "there"
    assert await or_anew(Looks(failing(ErrorKind.BAD_ANSWER))()) is None
    with pytest.raises(ProviderError):
        await or_anew(Looks(failing(ErrorKind.REFUSED))())


@pytest.mark.parametrize("ref", [None, "", "x", "[]", "7", '{"a": 1}', "{"])
def test_a_broken_record_recalls_nothing(ref: str | None) -> None:
    assert recalled(ref) == {}
