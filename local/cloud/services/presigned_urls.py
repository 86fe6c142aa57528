"""Presigned URLs of S3: their host, region, expiry and signature are checked; moto accepts any.

Every bucket counts as new: its global host answers 307 with the regional one, where the signed host does not match.
On AWS that lasts for hours, or forever in newer regions.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.sts.models import sts_backends

from local.cloud.account import ACCOUNT, REGION
from local.cloud.wsgi import Response

NEEDS_VERSION_4 = (
    "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
)
REDIRECT = "Please re-send this request to the specified temporary endpoint."
MISMATCH = "The request signature we calculated does not match the signature you provided."
TIME = "%Y%m%dT%H%M%SZ"
GLOBAL_HOST = ".s3.amazonaws.com"


def route(environ: dict[str, Any]) -> Response | None:
    """The error response to a request with an invalid presigned URL; None for any other request."""
    given = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if {"AWSAccessKeyId", "Signature"} <= given.keys():  # Signature Version 2; the template encrypts every bucket
        return _refused("400 Bad Request", "InvalidArgument", NEEDS_VERSION_4)
    if not {"X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature"} <= given.keys():
        return None
    if environ["HTTP_HOST"].endswith(GLOBAL_HOST):
        return _redirected(environ)
    return _checked(environ, given)


def _redirected(environ: dict[str, Any]) -> Response:
    regional = environ["HTTP_HOST"].replace(GLOBAL_HOST, f".s3.{REGION}.amazonaws.com")
    location = ("Location", f"https://{regional}{environ['RAW_URI']}")
    return _refused("307 Temporary Redirect", "TemporaryRedirect", REDIRECT, location)


def _checked(environ: dict[str, Any], given: dict[str, str]) -> Response | None:
    key, _, region, *_ = given["X-Amz-Credential"].split("/")
    if region != REGION:
        wrong = f"Error parsing the X-Amz-Credential parameter; the region '{region}' is wrong; expecting '{REGION}'"
        return _refused("400 Bad Request", "AuthorizationQueryParametersError", wrong)
    signed_at = datetime.strptime(given["X-Amz-Date"], TIME).replace(tzinfo=UTC)
    if datetime.now(UTC) > signed_at + timedelta(seconds=int(given["X-Amz-Expires"])):
        return _refused("403 Forbidden", "AccessDenied", "Request has expired")
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key)  # None: the administrator's key
    if session and not _matches(environ, given, Credentials(key, session.secret_access_key)):
        return _refused("403 Forbidden", "SignatureDoesNotMatch", MISMATCH)
    return None


def _matches(environ: dict[str, Any], given: dict[str, str], credentials: Credentials) -> bool:
    """Whether the request, with the headers that the URL names, has the signature that these credentials give it."""
    path, _, query = environ["RAW_URI"].partition("?")
    unsigned = "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
    names = given.get("X-Amz-SignedHeaders", "").split(";")
    headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in names}
    url = f"http://{environ['HTTP_HOST']}{path}?{unsigned}"
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers)
    request.context["timestamp"] = given["X-Amz-Date"]
    auth = S3SigV4QueryAuth(credentials, "s3", REGION, int(given["X-Amz-Expires"]))
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return hmac.compare_digest(signature, given["X-Amz-Signature"])


def _refused(status: str, code: str, message: str, *headers: tuple[str, str]) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(status, [("Content-Type", "application/xml"), *headers], body.encode())
