"""What is allowed: roles, allow-lists, rate limits and the content policy."""
