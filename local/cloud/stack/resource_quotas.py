"""Quotas that a resource of the template would exceed, in the words of the service."""

import json
import re
from collections.abc import Iterator
from typing import Any

from local.cloud.documented_limits import (
    ENVIRONMENT_BYTES,
    INLINE_POLICIES_CHARACTERS,
    MANAGED_POLICY_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
)


def refusals(kind: str, properties: dict[str, Any]) -> Iterator[str]:
    """The service's error message for each quota that a resource exceeds."""
    if kind == "AWS::Lambda::Function":
        variables = json.dumps(properties.get("Environment", {}).get("Variables", {}), separators=(",", ":"))
        if len(variables.encode()) > ENVIRONMENT_BYTES.limit:
            yield (
                "Lambda was unable to configure your environment variables because the environment variables you have "
                f"provided exceeded the 4KB limit. String measured: {variables}"
            )
    elif kind == "AWS::IAM::Role":
        if _characters(properties["AssumeRolePolicyDocument"]) > TRUST_POLICY_CHARACTERS.limit:
            yield f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_CHARACTERS.limit}"
        inline = sum(_characters(policy["PolicyDocument"]) for policy in properties.get("Policies", []))
        if inline > INLINE_POLICIES_CHARACTERS.limit:
            name, limit = properties["RoleName"], INLINE_POLICIES_CHARACTERS.limit
            yield f"Maximum policy size of {limit} bytes exceeded for role {name}"
    elif (
        kind == "AWS::IAM::ManagedPolicy"
        and _characters(properties["PolicyDocument"]) > MANAGED_POLICY_CHARACTERS.limit
    ):
        yield f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_CHARACTERS.limit}"


def _characters(document: Any) -> int:
    """The size of a policy document as IAM counts it, without white space."""
    return len(re.sub(r"\s", "", json.dumps(document, ensure_ascii=False)))
