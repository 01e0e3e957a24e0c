"""A deployment with wrong settings: the health endpoint reports them."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from local.stack import Ports, Stack


async def test_health_names_the_wrong_settings(tmp_path: Path) -> None:
    settings = {"RECORDING": "yes", "TRANSCRIPTION_URL": "media.contoso.com"}
    async with (
        Stack(ports=Ports.free(), logs=tmp_path, settings=settings) as stack,
        aiohttp.ClientSession() as http,
        http.get(f"{stack.host_url}/api/health") as answer,
    ):
        assert answer.status == 503
        assert await answer.json() == {"status": "misconfigured", "settings": ["RECORDING", "TRANSCRIPTION_URL"]}
