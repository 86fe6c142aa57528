"""Requests and responses of the functions behind API Gateway, in the proxy format of Lambda."""

from msgspec import Struct


class ApiRequest(Struct, rename="camel"):
    """What API Gateway hands to a function, as far as we use it."""

    path_parameters: dict[str, str]


class ApiAnswer(Struct, rename="camel"):
    """What API Gateway makes its answer of."""

    status_code: int
    headers: dict[str, str]
    body: str = ""
