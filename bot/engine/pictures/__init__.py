"""The picture side of a turn: intent, modes, writer, composition, sizes, rendering, swipes."""
