"""Whatever a handler raises leaves it as an error of ours, with its table, step, cause and next step."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from pipeline.contracts.states import DownloadRequest, RunReference
from pipeline.errors import NEXT_STEPS, PipelineError, SourceIncomplete, read_failure
from pipeline.handler import task
from pipeline.source.responses import read_metadata, read_page

EVENT = {"run_id": "r", "table_id": "M212161", "force": False}
LAMBDA = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn:aws:lambda:::function:f", aws_request_id="1"
)


def failure_of(error: Exception):
    """The failure that Step Functions reads after `DownloadTable` has raised the error."""

    def handler(_: DownloadRequest) -> RunReference:
        raise error

    handler.__module__ = "download_table"
    with pytest.raises(PipelineError) as raised:
        task(handler)(EVENT, LAMBDA)
    name = type(raised.value).__name__
    found = read_failure(name, str(raised.value))
    assert found.error == name
    return found


@pytest.mark.parametrize(
    ("error", "name", "cause"),
    [
        (SourceIncomplete("1 of 2 cells arrived"), "SourceIncomplete", "1 of 2 cells arrived"),
        (
            ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your rate"}}, "PutObject"),
            "ServiceFailed",
            "ClientError: An error occurred (SlowDown) when calling the PutObject operation: Reduce your rate",
        ),
        (
            EndpointConnectionError(endpoint_url="https://s3.test"),
            "ServiceFailed",
            'EndpointConnectionError: Could not connect to the endpoint URL: "https://s3.test"',
        ),
        (KeyError("a\n\u2028\ud800"), "Unexpected", "KeyError: 'a\\n\\u2028\\ud800'"),
        (MemoryError(), "Unexpected", "MemoryError: "),
        (RecursionError("too deep"), "Unexpected", "RecursionError: too deep"),
    ],
)
def test_every_error_has_a_name_a_table_a_step_and_a_next_step(error, name, cause):
    failure = failure_of(error)

    assert (failure.error, failure.table_id, failure.step) == (name, "M212161", "DownloadTable")
    assert failure.cause == cause
    assert failure.next_step == NEXT_STEPS[name]


@given(st.binary(max_size=200), st.sampled_from([read_metadata, read_page]))
def test_any_body_leaves_the_handler_as_an_error_of_the_source(body, read):
    try:
        read(body)
    except Exception as error:  # noqa: BLE001 - the point of the test
        assert failure_of(error).error.startswith(("Source", "TableNotFound"))


@given(st.text(max_size=200))
def test_any_text_of_an_error_survives(text):
    assert failure_of(ValueError(text)).cause == f"ValueError: {text}"
