"""URLs that keys, tokens and phone numbers can be sent to: with TLS, or on this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def on_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: ``localhost``, 127.0.0.0/8 or ::1."""
    host = host_of(url)
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """The URL's host; empty if it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # such as http://[::1
        return ""


def has_scheme(url: str, secure: str, plain: str = "") -> bool:
    """Whether the URL begins with ``secure``, or on this machine with ``plain``."""
    return bool(host_of(url)) and (
        url.startswith(f"{secure}://") or (bool(plain) and url.startswith(f"{plain}://") and on_loopback(url))
    )
