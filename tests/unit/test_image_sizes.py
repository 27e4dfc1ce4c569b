"""Sizes a model draws: what the engine has fitted stays as it is, everything else is brought within the rule."""

from __future__ import annotations

import itertools

import pytest

from providers.contract import SizeRule
from providers.images.bfl_models import BY_PIXELS_1, BY_PIXELS_2
from providers.images.fal_models import ENDPOINTS
from providers.images.stability_v1 import sizes_of

RULES = {
    "flux": BY_PIXELS_1,
    "flux2": BY_PIXELS_2,
    "xl": sizes_of("stable-diffusion-xl-1024-v1-0"),
    "old": sizes_of("stable-diffusion-v1-6"),
    **{name: endpoint.rule for name, endpoint in ENDPOINTS.items() if "seedream" in name or name == "fal-ai/flux-2"},
}
SIDES = (1, 63, 64, 300, 512, 777, 1024, 1920, 2047, 5000, 9999)


@pytest.mark.parametrize("name", RULES)
def test_every_size_ends_within_the_rule_and_a_fitting_one_is_kept(name: str) -> None:
    rule = RULES[name]
    for width, height in itertools.product(SIDES, SIDES):
        found = rule.nearest(width, height)
        assert within(found, rule), f"{width}×{height} became {found}"
        assert rule.nearest(*found) == found


def within(size: tuple[int, int], rule: SizeRule) -> bool:
    if rule.fixed:
        return size in rule.fixed
    sides = all(side % rule.step == 0 and rule.least <= side <= rule.most for side in size)
    return sides and size[0] * size[1] <= (rule.max_pixels or 10**9)


@pytest.mark.parametrize(
    ("asked", "found"), [((512, 768), (1568, 2352)), ((1920, 1080), (2560, 1440)), ((4096, 64), (4096, 904)), ((2000, 2000), (2000, 2000))]
)
def test_a_lower_limit_of_pixels_is_reached_in_proportion(asked: tuple[int, int], found: tuple[int, int]) -> None:
    rule = SizeRule(least=64, most=4096, step=8, max_pixels=4096 * 4096, min_pixels=2560 * 1440)
    assert rule.nearest(*asked) == found
