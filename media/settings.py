"""The settings of the service: those of the app that it shares, and its own."""

from __future__ import annotations

from typing import Any

from shared.platform.settings import SettingError, Settings
from shared.platform.settings.kinds import TEXT, between, words_of
from shared.platform.settings.setting import Setting
from shared.platform.settings.table import TABLE

SHARED = (  # with the same values as in the app
    "ACS_RESOURCE_ID",
    "CALLBACK_TOKEN_ISSUER",
    "CALLBACK_TOKEN_KEYS_URL",
    "EVENTS_TOPIC_ENDPOINT",
    "EVENTS_TOPIC_KEY",
    "CALL_STORAGE",
    "CALL_STORAGE__tableServiceUri",
    "CALL_STORAGE__blobServiceUri",
    "CALLS_TABLE",
    "CALLS_INDEX_TABLE",
    "TRANSCRIPTS_CONTAINER",
)


class MediaSettings(Settings):
    """Environment variables, or the mapping given in their place."""

    media_host = Setting(
        "MEDIA_HOST",
        TEXT,
        "The address that the service listens on.",
        default="0.0.0.0",  # noqa: S104  # it runs in a container
    )
    media_port = Setting("MEDIA_PORT", between(0, 65535), "The port that it listens on.", default="8080")
    media_connections = Setting(
        "MEDIA_CONNECTIONS",
        between(1, 20_000),
        "How many sockets are open at a time. Further ones are refused with 503.",
        default="1000",
    )
    media_sinks = Setting(
        "MEDIA_SINKS",
        TEXT,
        "What receives the audio of each call, separated by commas: `talk` measures who talks how long, `audio` stores "
        "WAV files, `package.module:name` is a sink of your own. `none`: nothing.",
        default="talk",
    )
    media_drain_seconds = Setting(
        "MEDIA_DRAIN_SECONDS",
        between(0, 600),
        "For how long open sockets are kept after SIGTERM, for calls that end meanwhile: less than the grace period of "
        "the platform, by ten seconds at least.",
        default="15",
    )

    @property
    def sinks(self) -> tuple[str, ...]:
        return tuple(name for name in words_of(self.media_sinks) if name != "none")

    def problems(self) -> list[SettingError]:
        """The errors of the settings that the service uses."""
        found = []
        for setting in (*(TABLE[name] for name in SHARED), *OWN):
            try:
                if setting.used(self):
                    setting.read(self)
            except SettingError as error:
                found.append(error)
        return found


OWN: tuple[Setting[Any], ...] = tuple(each for each in vars(MediaSettings).values() if isinstance(each, Setting))
