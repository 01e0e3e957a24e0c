from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from local.stack import ROOT, SAMPLE
from shared.platform.settings import SettingError, Settings, on_loopback
from shared.platform.settings.setting import Fault, required
from shared.platform.settings.table import (
    AUTHORITIES,
    GRAPHS,
    MICROSOFT_ISSUER,
    MICROSOFT_KEYS,
    RESOURCE_MANAGERS,
    TABLE,
)

A_GUID = "a9100000-0000-4000-8000-0000000000a1"
ANOTHER = "b9100000-0000-4000-8000-0000000000b2"

Read = Callable[[Settings], Any]


def storage_uri(settings: Settings) -> str:
    return settings.storage_uri("table")


def read(name: str) -> Read:
    return storage_uri if name == "storage_uri" else lambda settings: getattr(settings, name)


# -- Missing and wrong settings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("acs_endpoint", "ACS_ENDPOINT"),
        ("acs_access_key", "ACS_ENDPOINT"),
        ("acs_resource_id", "ACS_RESOURCE_ID"),
        ("callback_base_url", "CALLBACK_BASE_URL"),
        ("topic_endpoint", "EVENTS_TOPIC_ENDPOINT"),
        ("topic_key", "EVENTS_TOPIC_ENDPOINT"),
        ("storage_uri", "CALL_STORAGE__tableServiceUri"),
        ("api_client_id", "API_CLIENT_ID"),
        ("api_tenants", "API_TENANTS"),
    ],
)
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_a_missing_setting_is_named_with_a_remedy(setting: str, name: str, empty: str | None) -> None:
    environment = {} if empty is None else {name: empty}
    with pytest.raises(SettingError, match=rf"{name} is missing: set it to \w+") as raised:
        read(setting)(Settings(environment))
    assert (raised.value.name, raised.value.fault) == (name, Fault.MISSING)


@pytest.mark.parametrize(
    ("endpoint", "key"), [("ACS_ENDPOINT", "ACS_ACCESS_KEY"), ("EVENTS_TOPIC_ENDPOINT", "EVENTS_TOPIC_KEY")]
)
class TestKeys:
    READ: ClassVar = {"ACS_ENDPOINT": read("acs_access_key"), "EVENTS_TOPIC_ENDPOINT": read("topic_key")}

    def test_are_needed_where_there_is_no_tls(self, endpoint: str, key: str) -> None:
        with pytest.raises(SettingError, match=f"{key} is missing"):
            self.READ[endpoint](Settings({endpoint: "http://127.0.0.1:7080"}))

    def test_are_refused_where_there_is_tls(self, endpoint: str, key: str) -> None:
        with pytest.raises(SettingError, match=f"{key} is not allowed here: remove it"):
            self.READ[endpoint](Settings({endpoint: "https://x.communication.azure.com", key: "secret"}))

    def test_are_not_needed_where_there_is_tls(self, endpoint: str, key: str) -> None:
        assert self.READ[endpoint](Settings({endpoint: "https://x.communication.azure.com", key: ""})) is None

    def test_never_leave_the_machine(self, endpoint: str, key: str) -> None:
        with pytest.raises(SettingError, match=f"{endpoint} is invalid: set it to an `https://` URL"):
            self.READ[endpoint](Settings({endpoint: "http://x.communication.azure.com", key: "secret"}))

    def test_do_not_stand_in_errors(self, endpoint: str, key: str) -> None:
        with pytest.raises(SettingError) as raised:
            self.READ[endpoint](Settings({endpoint: "https://x.communication.azure.com", key: "secret"}))
        assert "secret" not in str(raised.value)


NOT_LOOPBACK = [
    "http://127.0.0.1.evil.com",
    "http://localhost.evil.com",
    "http://127.0.0.1@evil.com",
    "http://127.0.0.1:80@evil.com",
    "http://evil.com#127.0.0.1",
    "http://evil.com?@127.0.0.1",
    "http://evil.com/127.0.0.1",
    "http://localhost.",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://[::]",
    "http://[::2]",
    "http://169.254.169.254",
    "http://2130706433",
    "http://0x7f.1",
    "http://[::1",
    "http://[127.0.0.1]",
    "http://[v1.x]",
    "http://",
    "127.0.0.1",
    "",
]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST:1",
        "http://127.0.0.1",
        "http://127.9.9.9:80/x",
        "http://[::1]:7080",
        "ws://localhost",
    ],
)
def test_loopback(url: str) -> None:
    assert on_loopback(url)


@pytest.mark.parametrize("url", NOT_LOOPBACK)
def test_not_loopback(url: str) -> None:
    assert not on_loopback(url)


@pytest.mark.parametrize("url", [url for url in NOT_LOOPBACK if url])
@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("ACS_ENDPOINT", "acs_access_key"),
        ("EVENTS_TOPIC_ENDPOINT", "topic_key"),
        ("CALLBACK_BASE_URL", "callback_base_url"),
        ("CALLBACK_TOKEN_ISSUER", "callback_issuer"),
        ("CALLBACK_TOKEN_KEYS_URL", "callback_keys_url"),
        ("CALL_STORAGE__tableServiceUri", "storage_uri"),
    ],
)
def test_plain_http_is_accepted_on_this_machine_only(name: str, setting: str, url: str) -> None:
    keys = {"ACS_ACCESS_KEY": "key", "EVENTS_TOPIC_KEY": "key"}
    with pytest.raises(SettingError, match=name):
        read(setting)(Settings({name: url, **keys}))


@pytest.mark.parametrize("url", [url for url in NOT_LOOPBACK if url])
@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("ACS_RECORDING_ENDPOINT", "recording_endpoint"),
        ("MEDIA_STREAMING_URL", "media_streaming_url"),
        ("TRANSCRIPTION_URL", "transcription_url"),
        ("RECORDING_CONTAINER_URL", "recording_container_url"),
        ("COGNITIVE_SERVICES_ENDPOINT", "cognitive_services_endpoint"),
    ],
)
def test_plain_http_to_another_machine_is_reported_and_not_used(name: str, setting: str, url: str) -> None:
    settings = Settings({name: url})
    assert read(setting)(settings) is None
    assert name in {error.name for error in settings.problems()}


@pytest.mark.parametrize(
    ("name", "setting", "microsofts"),
    [
        ("CALLBACK_TOKEN_ISSUER", "callback_issuer", MICROSOFT_ISSUER),
        ("CALLBACK_TOKEN_KEYS_URL", "callback_keys_url", MICROSOFT_KEYS),
        ("AZURE_AUTHORITY_HOST", "authority", AUTHORITIES[0]),
        ("GRAPH_ENDPOINT", "graph_endpoint", GRAPHS[0]),
        ("RESOURCE_MANAGER_ENDPOINT", "resource_manager_endpoint", RESOURCE_MANAGERS[0]),
    ],
)
@pytest.mark.parametrize(
    "trick",
    ["{}.evil.com", "{}@evil.com", "{}%2eevil.com", "{}/..", "{}?x", "x{}", "https://evil.com/{}", "https://evil.com"],
)
def test_tokens_are_sent_to_microsofts_hosts_only(name: str, setting: str, microsofts: str, trick: str) -> None:
    with pytest.raises(SettingError, match=name):
        read(setting)(Settings({name: trick.format(microsofts)}))


@pytest.mark.parametrize("value", [None, "", MICROSOFT_ISSUER, f"{MICROSOFT_ISSUER}/"])
def test_the_issuer_is_microsofts_by_default(value: str | None) -> None:
    environment = {} if value is None else {"CALLBACK_TOKEN_ISSUER": value}
    assert Settings(environment).callback_issuer == MICROSOFT_ISSUER
    assert Settings(environment).callback_keys_url == MICROSOFT_KEYS


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ACS_ENDPOINT", "x.communication.azure.com"),
        ("ACS_ENDPOINT", "endpoint=https://x;accesskey=secret"),
        ("EVENTS_TOPIC_ENDPOINT", "https://"),
        ("CALLBACK_BASE_URL", "https://"),
        ("CALLBACK_BASE_URL", "ftp://127.0.0.1"),
        ("CALLBACK_TOKEN_KEYS_URL", "file://localhost/etc/keys"),
        ("ACS_RECORDING_ENDPOINT", "//127.0.0.1"),
        ("ACS_RECORDING_ENDPOINT", "https://x.asm.skype.com"),
        ("INCOMING_CALLS", "ignore"),
        ("RESOURCE_ACCOUNTS", "support-line"),
        ("RESOURCE_ACCOUNTS", f"{A_GUID} {A_GUID}"),
        ("RESOURCE_ACCOUNTS", f"linked,{A_GUID}"),
        ("RESOURCE_ACCOUNTS", "28:orgid:support@contoso.com"),
        ("RECORDING", "true"),
        ("RECORDING_CHANNELS", "stereo"),
        ("UNRECORDED_CALLS", "drop"),
        ("RECORDING_DELETE_SOURCE", "1"),
        ("MEDIA_STREAMING_CHANNELS", "2"),
        ("MEDIA_STREAMING_URL", "https://media.example"),
        ("TRANSCRIPTION_URL", "media.example"),
        ("RECORDING_CONTAINER_URL", "recordings"),
        ("RECORDING_CONTAINER_URL", "https://x.blob.core.windows.net"),
        ("COGNITIVE_SERVICES_ENDPOINT", "speech"),
        ("API_CLIENT_ID", "my-api"),
        ("API_TENANTS", "contoso.com"),
        ("API_TENANTS", ", ,"),
        ("API_TENANTS", f"{A_GUID},organizations"),
        ("API_KEY_ROLES", "Owner"),
        ("ACS_IDENTITIES_PER_TENANT", "-1"),
        ("ACS_IDENTITIES_PER_TENANT", "many"),
        ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:7443"),
        ("GRAPH_ENDPOINT", "http://127.0.0.1:7443"),
        ("RESOURCE_MANAGER_ENDPOINT", "https://10.0.0.1"),
        ("EVENTS_TOPIC_ID", "call-events"),
        ("ACS_SYSTEM_TOPIC_ID", "https://x/subscriptions/s"),
    ],
)
def test_a_wrong_setting_is_named(name: str, wrong: str) -> None:
    settings = Settings(SAMPLE | {name: wrong})
    (error,) = settings.problems()
    assert (error.name, error.fault) == (name, Fault.INVALID)
    assert str(error).startswith(f"{name} is invalid: set it to ")
    if TABLE[name].if_invalid is None:
        with pytest.raises(SettingError, match=name):
            TABLE[name].__get__(settings, Settings)


@pytest.mark.parametrize(
    "wrong",
    [
        "secret",
        "AccountName",
        "AccountKey=secret",
        "AccountName=x;AccountKey=secret;secret",
        "DefaultEndpointsProtocol=http;AccountName=x;AccountKey=secret",
        "BlobEndpoint=http://x.blob.core.windows.net;SharedAccessSignature=secret",
    ],
)
def test_a_wrong_connection_string_is_named_and_not_repeated(wrong: str) -> None:
    with pytest.raises(SettingError, match="CALL_STORAGE") as raised:
        _ = Settings({"CALL_STORAGE": wrong}).storage_connection_string
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "right",
    [
        "UseDevelopmentStorage=true",
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=c2VjcmV0Cg==;EndpointSuffix=core.windows.net",
        "BlobEndpoint=https://x.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x",
        SAMPLE["CALL_STORAGE"],
    ],
)
def test_connection_strings(right: str) -> None:
    assert Settings({"CALL_STORAGE": right}).storage_connection_string == right


def test_a_client_secret_is_for_the_emulator_only() -> None:
    with pytest.raises(SettingError, match="API_CLIENT_SECRET is not allowed here: remove it") as raised:
        _ = Settings({"API_CLIENT_SECRET": "s3cr3t"}).api_client_secret
    assert "s3cr3t" not in str(raised.value)
    with pytest.raises(SettingError, match="API_CLIENT_SECRET is missing"):
        _ = Settings({"AZURE_AUTHORITY_HOST": "https://127.0.0.1:7443"}).api_client_secret
    assert Settings({}).api_client_secret is None


# -- What is right -------------------------------------------------------------------------------------------


def test_without_settings_calls_are_answered_and_recorded_unmixed() -> None:
    settings = Settings({})
    assert (settings.call_policy.accounts, settings.call_policy.incoming) == ((), "answer")
    assert (settings.call_policy.record, settings.call_policy.channels, settings.call_policy.announcement) == (
        True,
        "unmixed",
        "",
    )
    assert (settings.call_policy.on_recording_failure, settings.call_policy.notice) == ("continue", "")
    assert settings.delete_source is False
    assert settings.storage_connection_string is None


@pytest.mark.parametrize(
    ("setting", "default"),
    [
        ("calls_table", "calls"),
        ("wakes_queue", "wakes"),
        ("recordings_container", "recordings"),
        ("quarantine_container", "quarantine"),
        ("transcripts_container", "transcripts"),
        ("directory_table", "directory"),
        ("api_key_roles", frozenset()),
        ("authority", AUTHORITIES[0]),
        ("graph_endpoint", GRAPHS[0]),
        ("resource_manager_endpoint", RESOURCE_MANAGERS[0]),
        ("events_topic_id", None),
        ("acs_system_topic_id", None),
        ("linked_accounts_only", False),
        ("prompt_voice", "en-US-NancyNeural"),
        ("media_streaming_channels", "mixed"),
        ("media_streaming_sample_rate", "16000"),
        ("media_streaming_bidirectional", False),
        ("media_streaming_keys", False),
        ("transcription_locale", "en-US"),
        ("recording_endpoint", None),
        ("recording_container_url", None),
        ("cognitive_services_endpoint", None),
        ("media_streaming_url", None),
        ("transcription_url", None),
    ],
)
def test_defaults(setting: str, default: object) -> None:
    assert read(setting)(Settings({})) == default


@pytest.mark.parametrize(
    ("environment", "setting", "expected"),
    [
        ({"RECORDING": "off"}, "record", False),
        ({"RECORDING": " ON "}, "record", True),
        ({"RECORDING_CHANNELS": "Mixed"}, "channels", "mixed"),
        ({"INCOMING_CALLS": "busy"}, "incoming", "busy"),
        ({"INCOMING_CALLS": "forbidden"}, "incoming", "forbidden"),
        ({"UNRECORDED_CALLS": "end"}, "on_recording_failure", "end"),
        ({"RESOURCE_ACCOUNTS": f" {A_GUID.upper()} ,, 8:acs:X_1,"}, "accounts", (A_GUID, "8:acs:x_1")),
        ({"RESOURCE_ACCOUNTS": f"28:orgid:{A_GUID}"}, "accounts", (f"28:orgid:{A_GUID}",)),
        ({"RESOURCE_ACCOUNTS": "Linked"}, "accounts", ()),
        # An entry that cannot be read leaves those that can be; with none, all accounts are this app's.
        ({"RESOURCE_ACCOUNTS": f"{A_GUID},support@contoso.com,{ANOTHER}"}, "accounts", (A_GUID, ANOTHER)),
        ({"RESOURCE_ACCOUNTS": f"linked,{A_GUID}"}, "accounts", (A_GUID,)),
        ({"RESOURCE_ACCOUNTS": "support@contoso.com"}, "accounts", ()),
        ({"RECORDING": "no"}, "record", True),
        ({"RECORDING_CHANNELS": "stereo"}, "channels", "unmixed"),
        ({"INCOMING_CALLS": "ignore"}, "incoming", "answer"),
        ({"UNRECORDED_CALLS": "hangup"}, "on_recording_failure", "continue"),
    ],
)
def test_the_call_policy_is_read_from_the_settings(environment: dict[str, str], setting: str, expected: object) -> None:
    assert getattr(Settings(environment).call_policy, setting) == expected


@pytest.mark.parametrize(
    ("name", "value", "setting", "expected"),
    [
        ("RESOURCE_ACCOUNTS", " Linked ", "linked_accounts_only", True),
        ("API_TENANTS", f" {A_GUID.upper()} ,", "api_tenants", (A_GUID,)),
        ("API_KEY_ROLES", "Agent, Administrator", "api_key_roles", frozenset({"Agent", "Administrator"})),
        ("AZURE_AUTHORITY_HOST", "login.microsoftonline.us", "authority", "https://login.microsoftonline.us"),
        ("AZURE_AUTHORITY_HOST", "https://127.0.0.1:7443/", "authority", "https://127.0.0.1:7443"),
        ("EVENTS_TOPIC_ID", SAMPLE["EVENTS_TOPIC_ID"], "events_topic_id", SAMPLE["EVENTS_TOPIC_ID"]),
    ],
)
def test_the_directory_and_the_api_are_set(name: str, value: str, setting: str, expected: object) -> None:
    assert getattr(Settings({name: value}), setting) == expected


def test_a_trailing_slash_does_not_matter() -> None:
    settings = Settings({"ACS_ENDPOINT": "https://x.communication.azure.com/", "CALLBACK_BASE_URL": "https://x/"})
    assert settings.acs_endpoint == "https://x.communication.azure.com"
    assert settings.callback_base_url == "https://x"


def test_in_azure_callbacks_are_sent_to_the_apps_own_host_name() -> None:
    assert Settings({"WEBSITE_HOSTNAME": "x.azurewebsites.net"}).callback_base_url == "https://x.azurewebsites.net"
    behind = {"WEBSITE_HOSTNAME": "x.azurewebsites.net", "CALLBACK_BASE_URL": "https://calls.example"}
    assert Settings(behind).callback_base_url == "https://calls.example"


def test_an_invalid_text_is_reported_once_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings({"RECORDING": "my secret"})
    assert [settings.recording, settings.recording, settings.call_policy.record] == [True, True, True]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.message.startswith("RECORDING is invalid: set it to `on` or `off`.")
    assert record.message.endswith("Until then the default holds.")
    assert "secret" not in record.message


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"API_CLIENT_ID": "", "API_TENANTS": "", "API_CLIENT_SECRET": ""}, set()),
        (
            {"API_CLIENT_ID": "", "API_TENANTS": "", "API_CLIENT_SECRET": "", "RESOURCE_ACCOUNTS": "linked"},
            {"API_CLIENT_ID", "API_TENANTS", "API_CLIENT_SECRET"},
        ),
        ({"API_CLIENT_ID": ""}, {"API_CLIENT_ID"}),
        ({"CALL_STORAGE": ""}, {f"CALL_STORAGE__{service}ServiceUri" for service in ("table", "blob", "queue")}),
        ({"CALL_STORAGE": "AccountKey=x"}, {"CALL_STORAGE"}),
        ({"ACS_ENDPOINT": "", "RECORDING": "yes"}, {"ACS_ENDPOINT", "RECORDING"}),
        ({"ACS_ENDPOINT": "https://x.communication.azure.com"}, {"ACS_ACCESS_KEY"}),
        ({"CALLBACK_BASE_URL": "", "WEBSITE_HOSTNAME": "x.azurewebsites.net"}, set()),
    ],
)
def test_unused_settings_may_be_missing(changed: dict[str, str], names: set[str]) -> None:
    assert {error.name for error in Settings(SAMPLE | changed).problems()} == names


def test_a_setting_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()
    monkeypatch.setenv("ACS_RESOURCE_ID", "set later")
    assert settings.acs_resource_id == "set later"


# -- The table ------------------------------------------------------------------------------------------------


def test_every_setting_of_the_sample_is_valid() -> None:
    assert Settings(SAMPLE).problems() == []


@pytest.mark.parametrize("name", TABLE)
def test_every_entry_has_the_texts_for_the_page_and_the_errors(name: str) -> None:
    setting = TABLE[name]
    assert setting.purpose.endswith(".")
    assert "|" not in setting.purpose + setting.kind.allowed
    if setting.example:
        setting.kind.parse(setting.example)
    if isinstance(setting.default, str) and setting.need is not required:
        setting.kind.parse(setting.default)


@pytest.mark.parametrize("name", [name for name, each in TABLE.items() if each.if_invalid])
def test_the_fallback_of_an_invalid_text_is_valid(name: str) -> None:
    settings = Settings({name: "invalid,://"})
    assert [error.name for error in settings.problems() if error.name == name]
    attribute = next(attribute for attribute, value in vars(Settings).items() if value is TABLE[name])
    assert getattr(settings, attribute) == getattr(Settings({}), attribute)


@pytest.mark.parametrize("name", TABLE)
def test_no_error_repeats_the_value(name: str) -> None:
    texts = [str(error) for error in Settings({name: "s3cr3t,://s3cr3t"}).problems()]
    assert texts
    assert not [text for text in texts if "s3cr3t" in text]


def test_only_the_settings_read_the_environment() -> None:
    """Commands may read further variables."""
    sources = [ROOT / "function_app.py", *(p for p in (ROOT / "shared").rglob("*.py") if p.name != "__main__.py")]
    assert [p.name for p in sources if re.search(r"\bos\.(environ|getenv)", p.read_text())] == ["environment.py"]
