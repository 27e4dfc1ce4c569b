"""«sketch»: pictures put together from clip art. It needs no key and no GPU, and it is not an AI image model."""

from providers.images.sketch.backend import SketchBackend

__all__ = ["SketchBackend"]
