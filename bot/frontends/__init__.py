"""Who speaks: a platform's events into the engine's, the engine's posts into the platform's."""
