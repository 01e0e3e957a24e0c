"""Calling clients over a web socket: what the calling SDK does for a page, with real sound."""
