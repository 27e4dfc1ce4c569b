"""Image backends: one module per vendor or wire format, each with one class that keeps ``providers.contract.ImageBackend``.

A module declares what the service can do as ``ImageCapabilities``, validates its own options (``providers.options``), speaks
through ``providers.http`` and raises ``ProviderError`` only. What several need stands beside them: ``formats`` recognises image
bytes, ``families`` guesses a model's family, ``auth`` builds the header of a self-hosted server. For cloud services ``cloud`` has the
base class, ``cloud_errors`` reads error answers, ``references`` and ``limits`` bring what goes out into shape, ``polling`` waits,
``remote_jobs`` remembers what can be cancelled and ``results`` takes the picture out of what comes back; ``self_hosted`` is the base
for a server of the host's own.
"""
