"""Chat models: one file per wire format, vendors as data."""
