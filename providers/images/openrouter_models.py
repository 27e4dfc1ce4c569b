"""What one model of OpenRouter takes, read from the lists of its Image API and of its models with image output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Abilities:
    """Settings of one model. ``parameters`` None = nothing is known, so everything the API has is allowed."""

    references: int = 16
    parameters: Mapping[str, Any] | None = None
    outputs: tuple[str, ...] = ()
    """Modalities the model puts out; empty when unknown."""

    def has(self, name: str) -> bool:
        return self.parameters is None or name in self.parameters

    def values(self, name: str, otherwise: Sequence[str]) -> tuple[str, ...]:
        """The values of an enumerated setting that are known here; ``otherwise`` when the list does not say."""
        entry = self.parameters.get(name) if self.parameters is not None else None
        values = entry.get("values") if isinstance(entry, Mapping) else None
        named = [str(value) for value in values if value != "auto"] if isinstance(values, list) else []
        if name == "aspect_ratio":
            named = [value for value in named if _is_ratio(value)]
        return tuple(named) or tuple(otherwise)

    def allows(self, name: str, value: Any) -> bool:
        """Whether a value may be sent."""
        if self.parameters is None:
            return True
        entry = self.parameters.get(name)
        if entry is None:
            return False
        values = entry.get("values") if isinstance(entry, Mapping) else None
        if isinstance(value, int | float) and (limits := self.limits(name)):
            return limits[0] <= value <= limits[1]
        return not isinstance(values, list) or value in values

    def limits(self, name: str) -> tuple[float, float] | None:
        """The inclusive range of a setting, if the list tells one."""
        entry = self.parameters.get(name) if self.parameters is not None else None
        least, most = (entry.get("min"), entry.get("max")) if isinstance(entry, Mapping) else (None, None)
        if not isinstance(least, int | float) or not isinstance(most, int | float):
            return None
        return (least, most) if least <= most else None

    def seed(self, wanted: int) -> int:
        """The seed, folded into the model's range."""
        if not (limits := self.limits("seed")):
            return wanted
        least, most = int(limits[0]), int(limits[1])
        return wanted if least <= wanted <= most else least + wanted % (most - least + 1)


def _is_ratio(text: str) -> bool:
    width, colon, height = text.partition(":")
    return bool(colon) and all(part.replace(".", "", 1).isdigit() and float(part) > 0 for part in (width, height))


def abilities_of(row: Mapping[str, Any], most_references: int) -> Abilities:
    """The abilities a row of the list tells."""
    parameters = row.get("supported_parameters")
    architecture = row.get("architecture")
    inputs = architecture.get("input_modalities") if isinstance(architecture, Mapping) else None
    takes_images = not isinstance(inputs, list) or "image" in inputs
    known = parameters if isinstance(parameters, Mapping) else None
    limit = known.get("input_references") if known else None
    most = limit.get("max") if isinstance(limit, Mapping) else None
    references = min(most, most_references) if isinstance(most, int) else most_references
    outputs = architecture.get("output_modalities") if isinstance(architecture, Mapping) else None
    named = tuple(str(output) for output in outputs) if isinstance(outputs, list) else ()
    return Abilities(max(0, references) if takes_images else 0, known, named)
