"""Who plays: character cards in and out, the built-in characters."""
