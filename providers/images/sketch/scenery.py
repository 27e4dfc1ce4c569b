"""Sky, ground and weather, as layers of SVG."""

from __future__ import annotations

from random import Random

SKIES: dict[str, tuple[str, str, str]] = {
    "day": ("#6db7e8", "#b9e0f2", "#eaf6f6"),
    "dawn": ("#7d8fc9", "#f2b6a0", "#ffe3b8"),
    "dusk": ("#3f3a78", "#d8687a", "#ffc07a"),
    "night": ("#0d1430", "#1d2b57", "#3b4a7c"),
    "space": ("#05060f", "#120f2d", "#2a1747"),
    "underwater": ("#1f87a8", "#0f5f86", "#093f63"),
    "cave": ("#1d1a22", "#2d2730", "#3b323a"),
    "room": ("#d9c3a1", "#cdb38c", "#bfa27a"),
}
GROUNDS: dict[str, tuple[str, str]] = {
    "sea": ("#2d7ca8", "#1c5880"),
    "beach": ("#ecd7a0", "#d6b878"),
    "lake": ("#4f9bbd", "#2f7395"),
    "forest": ("#4d7a3c", "#33592b"),
    "mountains": ("#6f8a5a", "#4e6b45"),
    "desert": ("#e2b56b", "#c8934a"),
    "city": ("#7f838c", "#5d616b"),
    "room": ("#8a5f3c", "#6d4729"),
    "meadow": ("#7db451", "#5b9140"),
    "cave": ("#4a4046", "#352d33"),
    "underwater": ("#d5bf86", "#a8925f"),
    "space": ("#55506e", "#3b3752"),
}
_DARKER = {"storm": 0.55, "rain": 0.35, "clouds": 0.18, "fog": 0.1, "snow": 0.05}


def sky(width: int, height: int, time: str, place: str, weather: str | None, rng: Random) -> str:
    """Gradient, sun or moon, stars, clouds; a wall indoors, rock in a cave."""
    enclosed = place in ("room", "cave", "underwater", "space")
    top, middle, bottom = SKIES[place if enclosed else time]
    parts = [
        f'<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{top}"/>'
        f'<stop offset=".6" stop-color="{middle}"/><stop offset="1" stop-color="{bottom}"/></linearGradient></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#sky)"/>'
    ]
    if place == "room":
        parts.append(_wall(width, height, time, rng))
    elif place in ("space",) or (time == "night" and not enclosed and weather not in ("storm", "rain", "fog", "clouds")):
        parts.append(_stars(width, height, rng, 160 if place == "space" else 70))
    if not enclosed and weather not in ("storm", "rain", "fog"):
        parts.append(_luminary(width, height, time, rng))
    if weather in _DARKER and not enclosed:
        parts.append(f'<rect width="{width}" height="{height}" fill="#2c3440" opacity="{_DARKER[weather]}"/>')
    if not enclosed and (weather in ("storm", "rain", "clouds", "snow") or time == "day"):
        parts.append(_clouds(width, height, weather, rng))
    return "".join(parts)


def ground(width: int, height: int, horizon: float, place: str, time: str, weather: str | None, rng: Random) -> str:
    """What things stand on, from the horizon (a share of the height) down, with something behind it."""
    near, far = GROUNDS[place]
    if weather == "snow" and place not in ("sea", "lake", "room", "cave", "underwater", "space"):
        near, far = "#eef3f7", "#cfdbe4"
    y = height * horizon
    parts = [_distance(width, y, place, rng)]
    parts.append(
        f'<defs><linearGradient id="ground" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{far}"/><stop offset="1" stop-color="{near}"/></linearGradient></defs>'
    )
    if place in ("room", "city", "sea", "lake"):
        parts.append(f'<rect y="{y:.1f}" width="{width}" height="{height - y:.1f}" fill="url(#ground)"/>')
    else:
        bump = height * 0.05
        parts.append(
            f'<path d="M0 {y:.1f}C{width * 0.25:.1f} {y - bump:.1f} {width * 0.45:.1f} {y + bump:.1f} {width * 0.65:.1f} {y:.1f}'
            f'S{width * 0.9:.1f} {y - bump:.1f} {width} {y:.1f}V{height}H0z" fill="url(#ground)"/>'
        )
    if place in ("sea", "lake"):
        parts.append(_waves(width, height, y, rng))
    if time == "night" and place not in ("room", "space", "cave", "underwater"):
        parts.append(f'<rect y="{y * 0.9:.1f}" width="{width}" height="{height}" fill="#0a1030" opacity=".38"/>')
    return "".join(parts)


def air(width: int, height: int, weather: str | None, rng: Random) -> str:
    """What is in front of everything: rain, snow, fog, lightning."""
    if weather in ("rain", "storm"):
        lines = "".join(
            f'<path d="M{x:.0f} {y:.0f}l{-width * 0.012:.1f} {height * 0.045:.1f}"/>' for x, y in _scatter(width, height, rng, 130)
        )
        bolt = _bolt(width, height, rng) if weather == "storm" else ""
        return f'{bolt}<g stroke="#dfeaf5" stroke-width="{max(1.0, width / 420):.1f}" opacity=".5" stroke-linecap="round">{lines}</g>'
    if weather == "snow":
        flakes = "".join(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{rng.uniform(0.002, 0.006) * width:.1f}"/>' for x, y in _scatter(width, height, rng, 120)
        )
        return f'<g fill="#fff" opacity=".85">{flakes}</g>'
    if weather == "fog":
        return "".join(
            f'<rect y="{height * share:.0f}" width="{width}" height="{height * 0.16:.0f}" fill="#e8edf0" opacity="{rng.uniform(0.22, 0.42):.2f}" rx="{height * 0.08:.0f}"/>'
            for share in (0.3, 0.45, 0.6, 0.74)
        )
    return ""


def _scatter(width: float, height: float, rng: Random, count: int) -> list[tuple[float, float]]:
    return [(rng.uniform(0, width), rng.uniform(0, height)) for _ in range(count)]


def _stars(width: int, height: int, rng: Random, count: int) -> str:
    dots = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{rng.uniform(0.5, 1.7) * width / 512:.1f}"/>'
        for x, y in _scatter(width, height * 0.75, rng, count)
    )
    return f'<g fill="#fff" opacity=".85">{dots}</g>'


def _luminary(width: int, height: int, time: str, rng: Random) -> str:
    x, radius = width * rng.uniform(0.15, 0.85), min(width, height) * 0.075
    y = height * (0.42 if time in ("dusk", "dawn") else rng.uniform(0.12, 0.24))
    if time == "night":
        cut = f'<mask id="crescent"><rect width="{width}" height="{height}" fill="#fff"/><circle cx="{x + radius * 0.45:.1f}" cy="{y - radius * 0.2:.1f}" r="{radius * 0.85:.1f}"/></mask>'
        return f'{cut}<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#f5efd2" mask="url(#crescent)"/>'
    colour = "#ffdf6b" if time == "day" else "#ff9d5c"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius * 1.7:.1f}" fill="{colour}" opacity=".25"/><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>'


def _clouds(width: int, height: int, weather: str | None, rng: Random) -> str:
    dark = weather in ("storm", "rain")
    colour = "#5d6672" if dark else "#ffffff"
    parts = []
    for _ in range(6 if weather in ("storm", "rain", "clouds", "snow") else 3):
        x, y, size = rng.uniform(-0.05, 0.95) * width, rng.uniform(0.03, 0.28) * height, rng.uniform(0.05, 0.1) * width
        parts.append(
            f'<g transform="translate({x:.0f} {y:.0f})"><ellipse rx="{size * 1.5:.1f}" ry="{size * 0.42:.1f}"/><circle cx="{-size * 0.5:.1f}" cy="{-size * 0.25:.1f}" r="{size * 0.5:.1f}"/>'
            f'<circle cx="{size * 0.35:.1f}" cy="{-size * 0.35:.1f}" r="{size * 0.6:.1f}"/></g>'
        )
    return f'<g fill="{colour}" opacity="{0.9 if dark else 0.75}">{"".join(parts)}</g>'


def _waves(width: int, height: int, y: float, rng: Random) -> str:
    parts = []
    for row in range(7):
        line = y + (height - y) * (row + 0.5) / 7
        step = width * (0.05 + 0.018 * row)
        start = -rng.uniform(0, step)
        curl = f"q{step / 4:.1f} {-step / 7:.1f} {step / 2:.1f} 0t{step / 2:.1f} 0" * (int(width / step) + 2)
        parts.append(f'<path d="M{start:.1f} {line:.1f}{curl}"/>')
    return f'<g fill="none" stroke="#cfeaf5" stroke-width="{width / 260:.1f}" opacity=".4">{"".join(parts)}</g>'


def _distance(width: int, y: float, place: str, rng: Random) -> str:
    """What stands at the horizon."""
    if place == "mountains":
        return "".join(
            f'<path d="M{(i - 0.6) * width / 3:.0f} {y:.0f}L{(i + 0.1) * width / 3:.0f} {y - rng.uniform(0.3, 0.5) * y:.0f}L{(i + 0.9) * width / 3:.0f} {y:.0f}z" fill="{c}"/>'
            for i, c in zip(range(4), ("#7b86a3", "#8f99b3", "#6f7a97", "#8791ad"), strict=True)
        )
    if place == "forest":
        trees = "".join(
            f'<path d="M{x:.0f} {y + 4:.0f}l{width * 0.04:.1f} {-h:.0f}l{width * 0.04:.1f} {h:.0f}z"/>'
            for x in range(-20, width, max(8, width // 16))
            for h in [rng.uniform(0.22, 0.4) * y]
        )
        return f'<g fill="#2c5530">{trees}</g>'
    if place == "city":
        towers = "".join(
            f'<rect x="{x}" y="{y - h:.0f}" width="{width // 13}" height="{h:.0f}"/>'
            for x in range(0, width, max(8, width // 12))
            for h in [rng.uniform(0.2, 0.6) * y]
        )
        return f'<g fill="#4c5468">{towers}</g>'
    if place == "desert":
        return f'<path d="M0 {y:.0f}Q{width * 0.3:.0f} {y * 0.82:.0f} {width * 0.55:.0f} {y:.0f}T{width} {y * 0.93:.0f}V{y + 20:.0f}H0z" fill="#d7a860"/>'
    return ""


def _wall(width: int, height: int, time: str, rng: Random) -> str:
    x, y, w, h = width * rng.choice((0.12, 0.62)), height * 0.14, width * 0.24, height * 0.32
    glass = SKIES[time][1]
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" fill="{glass}" stroke="#6d4729" stroke-width="{width / 60:.1f}"/>'
        f'<path d="M{x + w / 2:.0f} {y:.0f}v{h:.0f}M{x:.0f} {y + h / 2:.0f}h{w:.0f}" stroke="#6d4729" stroke-width="{width / 110:.1f}"/>'
    )


def _bolt(width: int, height: int, rng: Random) -> str:
    x, step = width * rng.uniform(0.2, 0.8), width * 0.05
    return (
        f'<path d="M{x:.0f} {height * 0.08:.0f}l{-step:.0f} {height * 0.16:.0f}h{step * 0.8:.0f}l{-step:.0f} {height * 0.17:.0f}'
        f'l{step * 2.1:.0f} {-height * 0.22:.0f}h{-step * 0.9:.0f}l{step * 0.8:.0f} {-height * 0.11:.0f}z" fill="#fff3b0"/>'
    )
