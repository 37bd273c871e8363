"""The app worker: one process that runs one WSGI app for an instance, over one socket (docs/worker-protocol.md)."""
