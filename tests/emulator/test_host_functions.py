from __future__ import annotations

from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from emulator.host import BadApp, BadSettings, HostSettings, load
from emulator.host.settings import apply, read_host_json, read_values, resolve, seconds
from tests.emulator.host_fixtures import functions


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_functions_are_read_from_the_packages_metadata() -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.function_name("named")
    @app.route(route="r/{x}", methods=[func.HttpMethod.GET, func.HttpMethod.POST])
    async def f(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return func.HttpResponse()

    (function,) = functions(app)
    assert (function.name, function.type, function.is_async) == ("named", "httpTrigger", True)
    assert function.annotation is func.HttpRequest
    assert function.wants_context
    assert function.returns == "http"
    assert function.trigger["route"] == "r/{x}"
    assert function.trigger["methods"] == ["GET", "POST"]
    assert function.trigger["authLevel"] == "anonymous"


def test_an_annotation_that_does_not_fit_is_refused() -> None:
    app = func.FunctionApp()

    @app.event_grid_trigger(arg_name="event")
    async def f(event: func.QueueMessage) -> None: ...

    with pytest.raises(BadApp, match=r"function 'f': the annotation .*QueueMessage.* does not fit"):
        functions(app)


def test_a_parameter_without_a_binding_is_refused() -> None:
    app = func.FunctionApp()

    @app.event_grid_trigger(arg_name="event")
    async def f(event: func.CloudEvent, other: str) -> None: ...

    with pytest.raises(BadApp, match=r"function 'f' takes \['event', 'other'\]"):
        functions(app)


def test_an_output_binding_the_host_does_not_have_is_refused() -> None:
    app = func.FunctionApp()

    @app.queue_output(arg_name="$return", queue_name="q", connection="S")
    @app.event_grid_trigger(arg_name="event")
    async def f(event: func.CloudEvent) -> str:
        return ""

    with pytest.raises(BadApp, match="function 'f': this host has no binding 'queue'"):
        functions(app)


def test_a_value_returned_to_nothing_fails_as_in_the_worker() -> None:
    app = func.FunctionApp()

    @app.event_grid_trigger(arg_name="event")
    async def f(event: func.CloudEvent) -> str:
        return ""

    (function,) = functions(app)
    with pytest.raises(RuntimeError, match="has no binding to return to"):
        function.encode("something")


def test_an_app_is_loaded_from_its_own_folder_in_the_order_of_names(tmp_path: Path) -> None:
    written(tmp_path / "beside_it.py", "NAME = 'two'")
    path = written(
        tmp_path / "app_loaded.py",
        """
import azure.functions as func
from beside_it import NAME
app = func.FunctionApp()
@app.function_name(NAME)
@app.event_grid_trigger(arg_name="event")
def f(event): ...
blue = func.Blueprint()
@blue.event_grid_trigger(arg_name="event")
def one(event): ...
app.register_functions(blue)
also = app
""",
    )
    assert [f.name for f in load(path)] == ["one", "two"]


def test_a_function_that_is_disabled_is_not_loaded(tmp_path: Path) -> None:
    text = """
import azure.functions as func
app = func.FunctionApp()
@app.event_grid_trigger(arg_name="event")
def f(event): ...
@app.event_grid_trigger(arg_name="event")
def g(event): ...
@app.event_grid_trigger(arg_name="event")
def h(event): ...
"""
    environment = {
        "AzureWebJobs.f.Disabled": "true",
        "AzureWebJobs__g__Disabled": "1",
        "AzureWebJobs.h.Disabled": "false",
    }
    assert [f.name for f in load(written(tmp_path / "app_disabled.py", text), environment)] == ["h"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("app_of_nothing", "", "no FunctionApp at the top level"),
        (
            "app_twice",
            "from azure.functions import FunctionApp\na, b = FunctionApp(), FunctionApp()",
            "more than one",
        ),
        (
            "app_empty",
            "import azure.functions as func\napp = func.FunctionApp()",
            "the app has no functions",
        ),
    ],
)
def test_an_app_without_its_functions_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(BadApp, match=message):
        load(written(tmp_path / f"{name}.py", text))


def test_a_missing_app_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadApp, match=r"nowhere\.py: there is no such file"):
        load(tmp_path / "nowhere.py")


def test_without_a_host_json_the_defaults_hold(tmp_path: Path) -> None:
    assert read_host_json(tmp_path / "host.json") == HostSettings()


def test_host_json_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path / "host.json",
        """{"version": "2.0", "functionTimeout": "00:01:30", "extensions": {"http": {"routePrefix": ""},
        "queues": {"visibilityTimeout": "00:00:05", "maxDequeueCount": 3, "batchSize": 4,
        "messageEncoding": "none", "maxPollingInterval": "00:00:02"}}}""",
    )
    assert read_host_json(path) == HostSettings("", 5, 3, 4, 2, "none", 2.0, 90.0)


def test_no_time_out_is_a_time_out_too(tmp_path: Path) -> None:
    assert read_host_json(written(tmp_path / "host.json", '{"functionTimeout": "-1"}')).function_timeout is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"extensions": [1]}', "'extensions' is not an object"),
        ('{"extensions": {"queues": 5}}', "'queues' is not an object"),
        ('{"functionTimeout": "soon"}', "'functionTimeout': 'soon' is not of the form hh:mm:ss"),
        ('{"extensions": {"queues": {"batchSize": 33}}}', "'batchSize' is a whole number from 1 to 32"),
        ('{"extensions": {"queues": {"maxDequeueCount": 0}}}', "'maxDequeueCount'"),
        ('{"extensions": {"queues": {"messageEncoding": "hex"}}}', "'messageEncoding' is base64 or none"),
    ],
)
def test_a_bad_host_json_is_explained(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        read_host_json(written(tmp_path / "host.json", text))


def test_settings_become_the_environment_unless_it_has_them(tmp_path: Path) -> None:
    path = written(tmp_path / "s.json", '{"IsEncrypted": false, "Values": {"A": "file", "B": "file"}}')
    environment = {"A": "already"}
    apply(read_values(path), environment)
    assert environment == {"A": "already", "B": "file"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"IsEncrypted": true}', "IsEncrypted"),
        ('{"Values": {"A": 5}}', "the value of 'A' is not a string"),
        ('{"Values": [1]}', "'Values' is not an object"),
        ("no", "is not JSON"),
    ],
)
def test_bad_settings_are_explained(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        read_values(written(tmp_path / "s.json", text))


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"gone\.json: No such file"):
        read_values(tmp_path / "gone.json")


def test_names_between_percent_signs_are_settings() -> None:
    assert resolve("a-%X%-%Y%", {"X": "1", "Y": "2"}) == "a-1-2"
    assert resolve("100", {}) == "100"


@pytest.mark.parametrize(
    ("text", "expected"), [("00:00:05", 5), ("01:00:00", 3600), ("1.00:00:00", 86400), ("00:00:01.5", 1)]
)
def test_time_spans_are_read(text: str, expected: Any) -> None:
    assert seconds(text) == expected
