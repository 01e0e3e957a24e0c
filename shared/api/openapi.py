"""The OpenAPI 3.1 document, made from the table of routes and the types in it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from shared.api.http import Answer, as_json, tag_of
from shared.api.problems import CATALOGUE, MEDIA_TYPE, ProblemDetails
from shared.api.routes import Paged, Route, path_type

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
        "description": "A key of the Functions app, at the second server. Its roles are the setting API_KEY_ROLES.",
    },
}
MEANINGS = {
    200: "As asked",
    201: "Made",
    204: "Done",
    304: "What If-None-Match names is still so",
    400: "A parameter or the body is not valid",
    401: "The caller is not signed in",
    403: "The caller may not do this, or the service behind refused it",
    404: "There is no such thing",
    409: "It can't be done as things stand",
    413: "The body is too large",
    415: "The body is no JSON",
    429: "Too many requests",
    500: "A mistake of the app's: its log has it under the request's id",
    502: "The service behind gave no answer that can be used",
    503: "Not now: something that is needed can't be reached, or is not set up",
    504: "It took too long",
}
ANYWHERE = (400, 500, 504)  # the statuses of problems that every route can have
SIGNED_IN = (401, 403, 404, 409, 429, 502, 503)
WITH_BODY = (413, 415)
HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "As the request had it, or made up. The app's log has it too.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {"description": "For If-None-Match", "required": True, "schema": {"type": "string"}},
    "Retry-After": {"description": "In seconds", "schema": {"type": "integer", "minimum": 1}},
}


class Document:
    """The document as it is sent. Everybody may ask for it, so it is made once."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._routes = routes

    @cached_property
    def _kept(self) -> Answer:
        made = as_json(200, document(self._routes))
        made.headers["ETag"] = tag_of(made.body)
        return made

    def answer(self) -> Answer:
        return Answer(self._kept.status, self._kept.body, dict(self._kept.headers))


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    types = _types(routes)
    references, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
    reference = dict(zip(types, references, strict=True))
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
            "A method that a path does not have is answered with a problem, 405, and the header Allow.",
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


def _types(routes: tuple[Route, ...]) -> list[Any]:
    """Every type that goes in or comes out, each once."""
    found: list[Any] = [ProblemDetails]
    for route in routes:
        answers = [each.item if isinstance(each, Paged) else each for each in route.answers.values()]
        found += [each for each in (route.body, *answers) if each not in (None, dict, *found)]
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
    return [_parameter(name, "path", msgspec.json.schema(path_type(name)), required=True) for name in names]


def _in_query(query: type[Struct]) -> list[dict[str, Any]]:
    schema = msgspec.json.schema(query)["$defs"][query.__name__]
    required = schema.get("required", [])
    return [_parameter(name, "query", _given(s), required=name in required) for name, s in schema["properties"].items()]


def _in_header(route: Route) -> list[dict[str, Any]]:
    if route.method != "GET" or route.secret:
        return []
    return [_parameter("If-None-Match", "header", {"type": "string"}, required=False)]


def _parameter(name: str, where: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    described = {"description": schema.pop("description")} if "description" in schema else {}
    return {"name": name, "in": where} | described | {"required": required, "schema": schema}


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out, without the null that a query can't hold."""
    if "anyOf" in schema:
        (schema,) = (each for each in schema["anyOf"] if each != {"type": "null"})
    return schema


def _responses(route: Route, reference: dict[Any, Any]) -> dict[str, Any]:
    cached = route.method == "GET" and not route.secret
    found: dict[int, Any] = {s: _success(s, carried, reference, cached=cached) for s, carried in route.answers.items()}
    if cached:
        found[304] = {"$ref": "#/components/responses/NotModified"}
    problems = ANYWHERE + (() if route.public else SIGNED_IN) + (WITH_BODY if route.body else ())
    found |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in problems}
    return {str(status): found[status] for status in sorted(found)}


def _success(status: int, carried: Any, reference: dict[Any, Any], *, cached: bool) -> dict[str, Any]:
    response: dict[str, Any] = {"description": MEANINGS[status], "headers": _headers(*(("ETag",) if cached else ()))}
    if carried is not None:
        response["content"] = {"application/json": {"schema": _schema(carried, reference)}}
    return response


def _schema(carried: Any, reference: dict[Any, Any]) -> Any:
    if carried is dict:
        return {"type": "object"}
    if not isinstance(carried, Paged):
        return reference[carried]
    items = {"type": "array", "items": reference[carried.item]}
    link = {"type": "string", "format": "uri", "description": "the next page; absent from the last"}
    return {"type": "object", "required": ["value"], "properties": {"value": items, "nextLink": link}}


def _problem_statuses() -> list[int]:
    return sorted({*ANYWHERE, *SIGNED_IN, *WITH_BODY})


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name=ProblemDetails.__name__)}
    headers = _headers("Retry-After") if status in (429, 503) else _headers()
    return {"description": MEANINGS[status], "headers": headers, "content": {MEDIA_TYPE: {"schema": schema}}}


def _not_modified() -> dict[str, Any]:
    return {"description": MEANINGS[304], "headers": _headers("ETag")}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}
