"""Vignette: a role-play bot that draws the story."""

__version__ = "0.1.0"
