"""The server of the web console on this machine: ``python -m local.console``, after ``make console`` has built it.

In Azure the same files are served by Static Web Apps, with the headers of ``console/public/staticwebapp.config.json``.
"""

from __future__ import annotations

import argparse
import json
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from local import embedding_site
from local.settings import SAMPLE_FILE

BUILT = Path(__file__).parent.parent / "console/dist"
CLIENT_ID = "c0501e00-0000-4000-8000-0000000000c2"  # the console's registration in emulator/directory.json
HOST = "localhost"  # the calling SDK refuses 127.0.0.1


def application(config: dict[str, Any], built: Path = BUILT) -> web.Application:
    """The files of the build, ``/config.json`` with the settings, and the first page for every other path."""
    rules = json.loads((built / "staticwebapp.config.json").read_text())

    async def settings(request: web.Request) -> web.Response:
        return web.json_response({"embedders": [f"http://{request.host}"]} | config)

    async def file(request: web.Request) -> web.FileResponse:
        path = (built / request.path.lstrip("/")).resolve()
        found = path.is_file() and path.is_relative_to(built)
        if not found and request.path.startswith("/assets/"):
            raise web.HTTPNotFound
        return web.FileResponse(path if found else built / "index.html", headers={"Cache-Control": "no-cache"})

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_headers(rules, request.path))
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = _allow_local(policy, config)

    app = web.Application()
    app.on_response_prepare.append(add_headers)
    app.add_routes(embedding_site.routes(config["api"].replace("/api/v1", "/api/keyed/v1")))
    app.add_routes([web.get("/config.json", settings), web.get("/{path:.*}", file)])
    return app


def _headers(rules: dict[str, Any], path: str) -> dict[str, str]:
    """As Static Web Apps has it: those of the first route that matches go over the global ones."""
    headers: dict[str, str] = dict(rules["globalHeaders"])
    found = [each for each in rules["routes"] if fnmatchcase(path, each["route"])]
    return headers | (found[0].get("headers", {}) if found else {})


def _allow_local(policy: str, config: dict[str, Any]) -> str:
    """The content security policy, for the addresses of this machine as well."""
    api, emulator, authority = (urlsplit(config[name]) for name in ("api", "emulator", "authority"))
    entra = f"http://{HOST}:{emulator.port} {authority.scheme}://{authority.netloc}"
    own = f"{api.scheme}://{api.netloc} http://{emulator.netloc} ws://{emulator.netloc} ws://{HOST}:{emulator.port}"
    storage = "http://127.0.0.1:*"  # files of recordings are in Azurite
    policy = policy.replace("connect-src 'self'", f"connect-src 'self' {own} {entra} {storage}")
    policy = policy.replace("media-src 'self'", f"media-src 'self' {storage}")
    return policy.replace("frame-src 'self'", f"frame-src 'self' {entra}")


def config_of(environment: dict[str, str], *, host: str, emulator: str, tls: str) -> dict[str, Any]:
    """The settings of a console whose API is the app at ``host``, with the emulated platform."""
    return {
        "api": f"{host}/api/v1",
        "apiClientId": environment["API_CLIENT_ID"],
        "clientId": CLIENT_ID,
        "authority": f"{tls}/organizations",
        # The second is the issuer of the tokens.
        "knownAuthorities": [urlsplit(tls).netloc, f"127.0.0.1:{urlsplit(tls).port}"],
        "authorityMetadata": _endpoints(f"http://{HOST}:{urlsplit(emulator).port}/organizations"),
        "calls": "local",
        "acsEndpoint": tls,  # an Entra token goes there, which the SDK sends over TLS alone
        "emulator": emulator,
    }


def _endpoints(entra: str) -> dict[str, str]:
    """The emulated Entra without TLS, so that no browser has to trust its certificate.

    MSAL wants https of the authority alone, and does not fetch a configuration that it is given.
    """
    return {
        "issuer": f"{entra}/v2.0",
        "authorization_endpoint": f"{entra}/oauth2/v2.0/authorize",
        "token_endpoint": f"{entra}/oauth2/v2.0/token",
        "end_session_endpoint": f"{entra}/oauth2/v2.0/logout",
        "jwks_uri": f"{entra}/discovery/v2.0/keys",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4280)
    parser.add_argument("--host-url", default="http://127.0.0.1:7071", help="the Functions host")
    parser.add_argument("--emulator-url", default="http://127.0.0.1:7080")
    parser.add_argument("--tls-url", default="https://localhost:7443", help="the emulator, with TLS")
    given = parser.parse_args()
    environment = json.loads(SAMPLE_FILE.read_text())["Values"] | os.environ
    config = config_of(environment, host=given.host_url, emulator=given.emulator_url, tls=given.tls_url)
    web.run_app(application(config), host=HOST, port=given.port, print=None)


if __name__ == "__main__":
    main()
