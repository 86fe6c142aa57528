"""Rules of trust policies: conditions on keys that are not sent keep the service out."""

from local.cloud.iam.trust import CONDITION_KEYS_SENT
from tests.template.rules.application import Application, Findings, many

UNDOCUMENTED = "no page of AWS documents the keys that it sends"


def trust_policies_use_keys_that_the_service_sends(application: Application) -> Findings:
    for role, properties in application.resources("AWS::IAM::Role").items():
        for statement in many(properties["AssumeRolePolicyDocument"]["Statement"]):
            principal = statement["Principal"]
            keys = {key for tests in statement.get("Condition", {}).values() for key in tests}
            for service in many(principal.get("Service")) if isinstance(principal, dict) else []:
                sent = CONDITION_KEYS_SENT.get(service)
                for key in sorted(keys - (sent.keys if sent else set())):
                    yield f"{role}: {service} does not send {key} ({sent.page if sent else UNDOCUMENTED})"


RULES = (trust_policies_use_keys_that_the_service_sends,)
