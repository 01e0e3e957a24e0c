"""The OpenAPI 3.1 document, generated from the routes and their types."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from shared.api.http import Response, as_json, etag_of
from shared.api.problems import CATALOGUE, MEDIA_TYPE, ProblemDetails
from shared.api.route import Paged, Route

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{name}"
SECURITY: dict[str, Any] = {
    "entra": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of Entra for this API, with one of its app roles.",
    },
    "functionsKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "A key of the Functions app, at the second server. The setting API_KEY_ROLES names its roles.",
    },
}
MEANINGS = {
    200: "Success",
    201: "Created",
    202: "Accepted: the operation is under way",
    204: "Success, without a body",
    304: "Not modified since the ETag in If-None-Match",
    400: "A parameter or the body is not valid",
    401: "The caller is not authenticated",
    403: "The caller or the app is not allowed to do this",
    404: "The object does not exist",
    409: "The current state does not allow the operation",
    412: "The object has changed since the ETag in If-Match, or does not exist",
    413: "The body is too large",
    415: "The content type is not application/json",
    429: "Too many requests",
    500: "An unexpected error: the app's log has it under the request's id",
    502: "The service behind returned an error or an invalid response",
    503: "A service or a setting that is required is unavailable",
    504: "Timeout",
}
ANYWHERE = (400, 500, 504)  # statuses of problems on every route
SIGNED_IN = (401, 403, 404, 409, 429, 502, 503)
WITH_BODY = (413, 415)
CONDITIONAL = (412,)
HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "The id of the request, or a new one. The app's log has it, too.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {"description": "Send it in If-None-Match", "required": True, "schema": {"type": "string"}},
    "Location": {"description": "The operation, to ask after", "required": True, "schema": {"type": "string"}},
    "Preference-Applied": {"description": "The wait that was applied", "schema": {"type": "string"}},
    "Retry-After": {"description": "In seconds", "schema": {"type": "integer", "minimum": 1}},
}


TEXT = {"type": "string"}
OF_COMMANDS: dict[str, Any] = {
    "Idempotency-Key": {
        **TEXT,
        "pattern": "^[!-~]{1,128}$",
        "description": "A command with the key of an earlier one of the caller is the earlier one. "
        "Without a key, a command that equals one that is still under way is that one.",
    },
    "Prefer": {
        **TEXT,
        "examples": ["wait=5"],
        "description": "`wait=n`: respond with the outcome if it is known within n seconds (15 at most). Other "
        "preferences are ignored (RFC 7240).",
    },
}


class Document:
    """The document, generated once, since the route is public."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._routes = routes

    @cached_property
    def _cached(self) -> Response:
        response = as_json(200, document(self._routes))
        response.headers["ETag"] = etag_of(response.body)
        return response

    def response(self) -> Response:
        return Response(self._cached.status, self._cached.body, dict(self._cached.headers))


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    types = _types(routes)
    references, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
    reference = dict(zip(types, references, strict=True))
    schemas |= closed(schemas, *(reference[route.body] for route in routes if route.raw))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = _operation(route, reference)
    problems = {code: msgspec.to_builtins(kind) for code, kind in CATALOGUE.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Teams Phone Functions",
            "version": VERSION,
            "description": "The contact centre's API: resource accounts, people, tokens, consent. See docs/api.md. "
            "A method that a path does not support is answered with 405 and the header Allow.",
        },
        "servers": [
            {"url": "/api/v1", "description": "with a token of Entra"},
            {"url": "/api/keyed/v1", "description": "with a key of the Functions app"},
        ],
        "security": [{"entra": []}, {"functionsKey": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas)},
            "responses": {"NotModified": _not_modified()} | {f"Problem{s}": _problem(s) for s in _problem_statuses()},
            "headers": HEADERS,
            "securitySchemes": SECURITY,
        },
        "x-problems": problems,
    }


def closed(schemas: dict[str, Any], *roots: Any) -> dict[str, Any]:
    """The schemas that the roots refer to, without room for unknown fields: what reads them refuses such fields."""
    found: dict[str, Any] = {}
    waiting = [*_references(roots)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            schema = schemas[name]
            found[name] = schema | ({"additionalProperties": False} if "properties" in schema else {})
            waiting += _references(schema)
    return found


def _references(schema: Any) -> Iterator[str]:
    """The names of the schemas that a schema refers to."""
    match schema:
        case {"$ref": str(reference)}:
            yield reference.rpartition("/")[2]
        case dict():
            yield from _references(tuple(schema.values()))
        case list() | tuple():
            for each in schema:
                yield from _references(each)


def _types(routes: tuple[Route, ...]) -> list[Any]:
    """The types of all bodies, each once."""
    found: list[Any] = [ProblemDetails]
    for route in routes:
        bodies = [each.item if isinstance(each, Paged) else each for each in route.responses.values()]
        found += [each for each in (route.body, *bodies) if each not in (None, dict, *found)]
    return list(dict.fromkeys(found))


def _operation(route: Route, reference: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.operation, "summary": route.summary}
    if route.public:
        operation["security"] = []
    else:
        operation["description"] = f"App roles: {', '.join(sorted(route.roles))}."
    if parameters := [*_in_path(route), *_in_query(route.query), *_in_header(route)]:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference[route.body]}},
        }
    operation["responses"] = _responses(route, reference)
    return operation


def _in_path(route: Route) -> list[dict[str, Any]]:
    names = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
    return [_parameter(name, "path", _path_schema(route, name), required=True) for name in names]


def _path_schema(route: Route, name: str) -> dict[str, Any]:
    return msgspec.json.schema(Annotated[str, route.parameters[name]])


def _in_query(query: type[Struct]) -> list[dict[str, Any]]:
    definitions = msgspec.json.schema(query)["$defs"]
    schema = definitions[query.__name__]
    required = schema.get("required", [])
    return [
        _parameter(name, "query", _inline(_optional(s), definitions), required=name in required)
        for name, s in schema["properties"].items()
    ]


def _inline(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter with the definition that it refers to, which the document has nowhere else."""
    name = schema.pop("$ref", "").rpartition("/")[2]
    return {**definitions.get(name, {}), **schema}


def _in_header(route: Route) -> list[dict[str, Any]]:
    names = ["If-None-Match"] * _is_cached(route) + list(OF_COMMANDS) * route.command + ["If-Match"] * route.conditional
    return [_parameter(name, "header", dict(OF_COMMANDS.get(name, TEXT)), required=False) for name in names]


def _parameter(name: str, where: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    described = {"description": schema.pop("description")} if "description" in schema else {}
    return {"name": name, "in": where} | described | {"required": required, "schema": schema}


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    """An optional parameter, without the null that a query cannot contain."""
    if "anyOf" in schema:
        (schema,) = (each for each in schema["anyOf"] if each != {"type": "null"})
    return schema


def _responses(route: Route, reference: dict[Any, Any]) -> dict[str, Any]:
    found: dict[int, Any] = {status: _success(route, status, reference) for status in route.responses}
    if _is_cached(route):
        found[304] = {"$ref": "#/components/responses/NotModified"}
    problems = ANYWHERE + (() if route.public else SIGNED_IN) + (WITH_BODY if route.body else ())
    problems += CONDITIONAL if route.conditional else ()
    found |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in problems}
    return {str(status): found[status] for status in sorted(found)}


def _is_cached(route: Route) -> bool:
    return route.method == "GET" and not route.secret


def _success(route: Route, status: int, reference: dict[Any, Any]) -> dict[str, Any]:
    of_command = ("Location", "Preference-Applied") if route.command else ()
    tagged = _is_cached(route) or (route.conditional and route.responses[status] is not None)
    headers = _headers("ETag") if tagged else _headers(*of_command)
    response: dict[str, Any] = {"description": MEANINGS[status], "headers": headers}
    if route.responses[status] is not None:
        response["content"] = {"application/json": {"schema": _schema(route, status, reference)}}
    return response


def _schema(route: Route, status: int, reference: dict[Any, Any]) -> Any:
    body = route.responses[status]
    if body is dict:
        return {"type": "object"}
    if not isinstance(body, Paged):
        return reference[body]
    items = {"type": "array", "items": reference[body.item]}
    if route.method == "POST":
        following = {"type": "string", "description": "the position of the next page; absent on the last page"}
        return {"type": "object", "required": ["value"], "properties": {"value": items, "continuation": following}}
    link = {"type": "string", "format": "uri", "description": "the next page; absent on the last page"}
    return {"type": "object", "required": ["value"], "properties": {"value": items, "nextLink": link}}


def _problem_statuses() -> list[int]:
    return sorted({*ANYWHERE, *SIGNED_IN, *WITH_BODY, *CONDITIONAL})


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name=ProblemDetails.__name__)}
    headers = _headers("Retry-After") if status in (429, 503) else _headers()
    return {"description": MEANINGS[status], "headers": headers, "content": {MEDIA_TYPE: {"schema": schema}}}


def _not_modified() -> dict[str, Any]:
    return {"description": MEANINGS[304], "headers": _headers("ETag")}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}
