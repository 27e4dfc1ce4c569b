"""Sizes: the behaviour of the browser original, and where it differs on purpose."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pictures import MODES, Mode
from bot.engine.pictures.sizes import KNOWN_RESOLUTIONS, force, nearest_known, resolve_size, size_like

# set size, mode, forced, forced and snapped
ROWS: list[tuple[str, Mode, str, str]] = [
    ("512x512", "face", "512x768", "512x768"),
    ("576x576", "face", "576x896", "512x768"),
    ("576x576", "background", "1024x576", "768x512"),
    ("640x640", "face", "640x960", "512x768"),
    ("640x640", "background", "1152x640", "768x512"),
    ("800x600", "face", "800x1216", "512x768"),
    ("600x800", "background", "1472x800", "960x540"),
    ("768x1024", "background", "1856x1024", "1280x720"),
    ("1024x768", "face", "1024x1536", "720x1280"),
    ("896x896", "face", "896x1344", "720x1280"),
    ("896x896", "background", "1600x896", "1280x720"),
    ("1088x1088", "face", "1088x1664", "832x1216"),
    ("1088x1088", "background", "1984x1088", "1344x768"),
    ("1152x768", "face", "1152x1728", "832x1216"),
    ("960x544", "face", "960x1472", "540x960"),
    ("1280x1280", "face", "1280x1920", "1024x1536"),
    ("1280x1280", "background", "2304x1280", "1792x1024"),
    ("512x640", "background", "1152x640", "768x512"),
    ("640x512", "face", "640x960", "512x768"),
    ("1536x640", "face", "1536x2304", "832x1216"),
    ("1536x640", "background", "1536x640", "1536x640"),
    ("640x1536", "background", "2752x1536", "1344x768"),
    ("1600x1200", "face", "1600x2432", "1088x1920"),
    ("512x1024", "background", "1856x1024", "960x540"),
    ("704x704", "face", "704x1088", "540x960"),
    # the original undoes the forced shape here: 512x512
    ("512x512", "background", "896x512", "768x512"),
    ("384x384", "face", "384x576", "512x768"),
    ("384x384", "background", "704x384", "768x512"),
]


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


@pytest.mark.parametrize(("given_size", "mode", "forced", "snapped"), ROWS)
def test_rows(given_size: str, mode: Mode, forced: str, snapped: str) -> None:
    assert resolve_size(*_size(given_size), mode, False) == _size(forced)
    assert resolve_size(*_size(given_size), mode, True) == _size(snapped)


@pytest.mark.parametrize(("side", "mode"), [(1, "face"), (7, "background"), (20, "face")])
def test_no_side_becomes_nothing(side: int, mode: Mode) -> None:
    assert min(size for size in force(side, side, mode) if size != side) >= 64


def test_a_shape_that_is_there_is_left_alone() -> None:
    assert force(768, 704, "background") == (768, 704)
    assert force(704, 768, "face") == (704, 768)
    assert resolve_size(768, 704, "background", True) == (768, 704)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in ("face", "background")])
def test_other_modes_keep_their_size(mode: Mode) -> None:
    assert resolve_size(700, 333, mode, True) == (700, 333)


@given(st.integers(64, 4096))
def test_rounding_is_half_up_as_floating_point_would_do_it(side: int) -> None:
    assert force(side, side, "face")[1] == math.floor(side * 1.5 / 64 + 0.5) * 64
    assert force(side, side, "background")[0] == math.floor(side * 1.8 / 64 + 0.5) * 64


@given(st.integers(1, 4096), st.integers(1, 4096), st.sampled_from(["face", "background"]))
def test_snapping_never_undoes_a_forced_orientation(width: int, height: int, mode: Mode) -> None:
    result = resolve_size(width, height, mode, True)
    assert result[1] > result[0] if mode == "face" else result[0] > result[1]
    assert result in KNOWN_RESOLUTIONS or result == force(width, height, mode)


def test_first_in_the_list_wins_ties() -> None:
    for size in KNOWN_RESOLUTIONS:
        assert nearest_known(*size) == size


@pytest.mark.parametrize(
    ("picture", "size"), [((300, 200), (624, 416)), ((1, 10_000), (256, 1024)), ((10_000, 1), (1024, 256)), ((4000, 1000), (1024, 256))]
)
def test_a_picture_drawn_from_another_has_its_shape_within_reason(picture: tuple[int, int], size: tuple[int, int]) -> None:
    assert size_like(*picture, None, None, area=512 * 512) == size
