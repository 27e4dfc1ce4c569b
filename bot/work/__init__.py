"""What runs and survives: lanes for chats, durable picture jobs, queues before backends, retries."""
