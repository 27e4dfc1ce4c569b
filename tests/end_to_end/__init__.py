"""The whole bot, with the real client libraries over loopback."""
