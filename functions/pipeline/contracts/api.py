"""Requests and responses of the functions behind API Gateway, in the Lambda proxy integration's format."""

from msgspec import Struct


class ApiRequest(Struct, rename="camel"):
    """API Gateway's event, as far as it is used."""

    path_parameters: dict[str, str]
    http_method: str = "GET"


class ApiResponse(Struct, rename="camel"):
    """The response that API Gateway sends."""

    status_code: int
    headers: dict[str, str]
    body: str = ""
