"""Signature Version 4 as API Gateway checks it: the signature is computed again from the request and compared."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wrappers import Request

from local.cloud.account import REGION
from local.cloud.api.refusals import Refusal

SERVICE = "execute-api"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/, ]+)/(\d{8})/([^/, ]+)/([^/, ]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
TIME = "%Y%m%dT%H%M%SZ"
TOLERANCE = timedelta(minutes=5)
BODY_HASH = "X-Amz-Content-SHA256"
MUST_BE_SIGNED = {"host", "x-amz-date"}


class Signatures:
    """Accepts a single caller. Signatures of the template's roles are refused: none is allowed to invoke the API."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        self._access_key = access_key
        self._auth = SigV4Auth(Credentials(access_key, secret_key), SERVICE, REGION)

    def check(self, request: Request, target: str, body: bytes, now: datetime) -> None:
        """Raises `Refusal` if the signature is missing, wrong or expired. `target` is the path and query as sent."""
        if "Authorization" not in request.headers:
            raise Refusal("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        found = AUTHORIZATION.fullmatch(request.headers["Authorization"])
        if not found:
            raise Refusal("INVALID_SIGNATURE", "The Authorization header is not valid for Signature Version 4")
        key, day, region, service, signed, signature = found.groups()
        if (key, region, service) != (self._access_key, REGION, SERVICE):
            raise Refusal("INVALID_SIGNATURE", "The security token included in the request is invalid")
        time = request.headers.get("X-Amz-Date", "")
        if not time.startswith(day) or not _recent(time, now):
            raise Refusal("INVALID_SIGNATURE", "Signature expired")
        names = signed.split(";")
        if not MUST_BE_SIGNED.issubset(names) or not hmac.compare_digest(
            signature, self._sign(request, target, names, body, time)
        ):
            raise Refusal(
                "INVALID_SIGNATURE", "The request signature we calculated does not match the one you provided"
            )

    def _sign(self, request: Request, target: str, names: list[str], body: bytes, time: str) -> str:
        headers = {name: request.headers.get(name, "") for name in names}
        again = AWSRequest(request.method, f"http://{request.host}{target}", headers, body)
        again.context["timestamp"] = time
        if BODY_HASH in again.headers:
            again.headers.replace_header(BODY_HASH, hashlib.sha256(body).hexdigest())
        return str(self._auth.signature(self._auth.string_to_sign(again, self._auth.canonical_request(again)), again))


def _recent(time: str, now: datetime) -> bool:
    try:
        return abs(now - datetime.strptime(time, TIME).replace(tzinfo=UTC)) <= TOLERANCE
    except ValueError:
        return False
