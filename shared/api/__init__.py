"""The HTTP API. Imported on the first request, so that answering a call does not wait for it."""
