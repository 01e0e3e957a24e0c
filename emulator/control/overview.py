"""`GET /`: what this is, and where everything is."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from emulator.platform import Platform


class Overview:
    def __init__(self, platform: Platform, control: list[web.RouteDef]) -> None:
        self._platform, self._control = platform, control

    async def show(self, _: web.Request) -> web.Response:
        return web.Response(text="\n".join(self._lines()) + "\n")

    def _lines(self) -> Iterator[str]:
        platform, config = self._platform, self._platform.config
        secure = platform.url.replace("http:", "https:")
        yield "An emulator of Azure Communication Services, Event Grid, Microsoft Entra ID, Graph and Resource Manager,"
        yield "for development and tests. Documentation: emulator/README.md; coverage: docs/emulator-coverage.md"
        yield ""
        yield _row("ACS", f"{platform.url}, access key {config.access_key}")
        yield _row("connection string", f"endpoint={secure}/;accesskey={config.access_key}")
        yield _row("callback tokens", f"issuer {platform.url}, audience {config.resource_id}")
        yield _row("OpenID configuration", f"{platform.url}/calling/.well-known/acsopenidconfiguration")
        yield _row("Entra ID", f"{platform.tls_url}/{{tenant}}/v2.0")
        yield _row("Microsoft Graph", f"{platform.tls_url}/v1.0 and /beta")
        yield _row("Resource Manager", f"{platform.tls_url}/subscriptions/…")
        yield _row("certificate", str(config.tls_certificate))
        for topic in platform.grid.topics.values():
            path = f"POST {platform.url}/eventgrid/topics/{topic.name}/api/events" if topic.key else "system topic"
            yield _row(f"topic {topic.name}", path)
        yield _row("subscriptions", f"{platform.url}/eventgrid/subscriptions[/{{name}}]: GET, PUT, DELETE")
        yield from ("", "Control API:")
        for route in self._control:
            yield f"  {route.method:<7} {route.path:<40} {(route.handler.__doc__ or '').strip()}"


def _row(name: str, text: str) -> str:
    return f"{name:<22} {text}"
