"""Validation of the path, the query and the body of a request."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from shared.api.http import InvalidUrl, Request
from shared.api.problems import Problem
from shared.api.route import Route

LARGEST_BODY = 64 * 1024  # bytes
KEY_IN_URL = "Send the Functions key in the header x-functions-key, not in the URL: URLs are logged."


def path_of(path: dict[str, str], route: Route) -> dict[str, str]:
    """The parameters of the path. Raises Problem for one that does not have its form."""
    for name, given in path.items():
        form = route.parameters[name]
        if not re.fullmatch(form.pattern or "", given):
            raise Problem("BadParameter", f"{name} must be {form.description}.")
    return path


def query_of(request: Request, route: Route) -> Struct:
    try:
        given = request.parameters()
        if "code" in given:  # the host accepts a key there
            raise Problem("BadParameter", KEY_IN_URL)
        return msgspec.convert(given, route.query, strict=False)
    except (InvalidUrl, msgspec.ValidationError) as error:
        raise Problem("BadParameter", f"{error}.") from None


def body_of(request: Request, route: Route) -> Any:
    """The body as the route's type, or as bytes of JSON. Raises Problem."""
    if route.body is None:
        return None
    if len(request.body) > LARGEST_BODY:
        raise Problem("TooLarge")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("NotJson")
    try:
        body: Any = msgspec.json.decode(request.body, type=Any if route.raw else route.body)
    except msgspec.ValidationError as error:
        raise Problem("BadBody", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("MalformedJson", f"{error}.") from None
    return request.body if route.raw else body
