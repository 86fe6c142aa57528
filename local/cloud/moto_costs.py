"""What moto works out anew at each request, worked out once: a run makes some 500 requests."""

from functools import cache
from pathlib import Path
from string import ascii_letters, digits
from typing import Any, NoReturn

import msgspec
from boto3 import Session
from botocore.loaders import JSONFileLoader, Loader
from moto.core import errors, responses, routing, utils
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.serialize import XFormedAttributePicker
from moto.moto_api._internal import moto_random


@cache
def reduce(session: Session) -> None:
    """Install, once per process. The models that `session` has loaded are used throughout."""
    utils.create_loader = lambda: session._session.get_component("data_loader")
    utils.Session = lambda: session._session
    AccountSpecificBackend.get_session = lambda: session
    _models_are_read_quickly()
    errors.ErrorLookupFactory = cache(errors.ErrorLookupFactory)  # its cache lives as long as it does
    responses.method_names_from_class = cache(responses.method_names_from_class)
    moto_random.MotoRandom.get_random_string = _random_string
    _addresses_are_not_built()
    _an_accounts_backends_are_known()
    _keys_of_a_member_are_known()


def _models_are_read_quickly() -> None:
    """botocore lists the folders of all services for each session, and reads models of megabytes as ordered dicts."""
    known = cache(Loader().list_available_services)

    def list_available_services(_: Any, type_name: str) -> list[str]:
        return known(type_name)

    def load_file(_: Any, path: str, open_file: Any) -> Any:
        if not Path(path).is_file():
            return None
        with open_file(path, "rb") as file:
            return msgspec.json.decode(file.read())

    Loader.list_available_services = list_available_services  # type: ignore[assignment,method-assign]
    JSONFileLoader._load_file = load_file  # type: ignore[attr-defined]


def _random_string(self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
    """Of letters and digits, as each response has one for its request id. moto draws each character by itself."""
    pool = ascii_letters + digits if include_digits else ascii_letters
    text = "".join(self.choices(pool, k=length))
    return text.lower() if lower_case else text


def _addresses_are_not_built() -> None:
    """werkzeug compiles for each operation of a service two functions that build its address, which only match here."""

    def build(*_: Any) -> NoReturn:
        raise NotImplementedError

    routing.SmithyRule._compile_builder = lambda *_: build


def _an_accounts_backends_are_known() -> None:
    """moto looks through all backends of all services, at each look at one, whether it has to make this one."""
    original = BackendDict.__getitem__

    def get(self: Any, account: str) -> Any:
        return dict.__getitem__(self, account) if account in self else original(self, account)

    BackendDict.__getitem__ = get


def _keys_of_a_member_are_known() -> None:
    """The names under which a member may be found in an object depend on its shape and the object's class."""
    original, known = XFormedAttributePicker.get_possible_keys, dict[Any, tuple[str, ...]]()

    def possible_keys(self: Any, context: Any) -> tuple[str, ...]:
        member = (type(context.obj), context.key, context.shape)
        if member not in known:
            known[member] = tuple(dict.fromkeys(original(self, context)))
        return known[member]

    XFormedAttributePicker.get_possible_keys = possible_keys
