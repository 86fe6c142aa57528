"""Rules of readers: they query the published tables through Athena and nothing else."""

from tests.template.rules.application import Application, Findings, many, referred
from tests.template.rules.permissions import MANAGED, Grant, grants

SOURCE = "AWS::QuickSight::DataSource"
SHOWN = {SOURCE, "AWS::QuickSight::DataSet", "AWS::QuickSight::Dashboard"}
LOOKS = ("Get", "List", "Describe", "BatchGet", "Query")
QUERIES = {"athena:StartQueryExecution", "athena:StopQueryExecution"}
RESULTS = {"s3:PutObject", "s3:AbortMultipartUpload"}
KEY = {"kms:Decrypt", "kms:GenerateDataKey"}
PASSED = {"quicksight:PassDataSet", "quicksight:PassDataSource"}  # to use them in own analyses
PUBLISHED = ("catalogue/*", "publications/*", "transformedsingstatdata/*")
STAGING = "StagedDatabase"
DATA = "DataBucket"
BY_ATHENA = {"aws:CalledVia": "athena.amazonaws.com"}


def _given(application: Application) -> list[Grant]:
    """The grants of the readers' policies."""
    policies = application.resources(MANAGED)
    return [grant for grant in grants(application) if grant.role in policies]


def _looks(action: str) -> bool:
    return action.partition(":")[2].startswith(LOOKS)


def a_reader_only_reads(application: Application) -> Findings:
    for grant in _given(application):
        for action in grant.actions:
            if not _looks(action) and action not in QUERIES | RESULTS | KEY:
                yield f"{grant}: remove {action}, readers only read"


def a_reader_sees_no_staged_table(application: Application) -> Findings:
    for grant in _given(application):
        if any(action.startswith("glue:") for action in grant.actions):
            for resource in grant.resources:
                named = "database/${PublishedDatabase}" in resource or "table/${PublishedDatabase}/" in resource
                if not named and not resource.endswith(":catalog"):
                    yield f"{grant}: grant it on the published database, not on {resource}"


def a_reader_reads_data_through_athena_only(application: Application) -> Findings:
    """Staged and published data share a prefix; only the Glue tables tell them apart."""
    for grant in _given(application):
        about = [one for one in grant.resources if DATA in referred(one)]
        objects = [one.partition("/")[2] for one in about if "/" in one]
        prefixes = many(grant.condition.get("StringLike", {}).get("s3:prefix"))
        if not about or grant.actions == ["s3:GetBucketLocation"]:
            continue
        if grant.condition.get("ForAnyValue:StringEquals") != BY_ATHENA:
            yield f"{grant}: limit it by ForAnyValue:StringEquals aws:CalledVia athena.amazonaws.com"
        if set(grant.actions) - {"s3:GetObject", "s3:ListBucket"}:
            yield f"{grant}: {grant.actions} does more than read"
        for prefix in objects + prefixes:
            if prefix not in PUBLISHED:
                yield f"{grant}: {prefix} is not published"
        if "s3:ListBucket" in grant.actions and not prefixes:
            yield f"{grant}: limit the listing by s3:prefix"


def a_reader_has_a_workgroup_of_its_own(application: Application) -> Findings:
    """No other role reads or writes its results, and it writes nothing else."""
    workgroups, roles = application.resources("AWS::Athena::WorkGroup"), application.resources("AWS::IAM::Role")
    others = [grant for grant in grants(application) if grant.role in roles]
    given = _given(application)
    used = {
        name
        for grant in given
        if set(grant.actions) & QUERIES
        for name in referred(grant.resources) & workgroups.keys()
    }
    places = {
        workgroups[name]["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")
        for name in used
    }
    objects = {place.replace("}/", ".Arn}/") + "*" for place in places}
    for grant in given:
        if set(grant.actions) & QUERIES and not all(":workgroup/${" in one for one in grant.resources):
            yield f"{grant}: name a workgroup of the template"
        if set(grant.actions) & RESULTS and set(grant.resources) != objects:
            yield f"{grant}: let it write {', '.join(sorted(objects))} and nothing else"
    for grant in others:
        if shared := used & referred(grant.resources) | objects & set(grant.resources):
            yield f"{grant}: {', '.join(sorted(shared))} is the readers'"


def a_reader_uses_keys_for_objects_only(application: Application) -> Findings:
    for grant in _given(application):
        if KEY & set(grant.actions):
            service = grant.condition.get("StringEquals", {}).get("kms:ViaService", "")
            if not service.startswith("s3."):
                yield f"{grant}: limit it by kms:ViaService to S3"


def results_of_queries_are_forgotten(application: Application) -> Findings:
    buckets = application.resources("AWS::S3::Bucket")
    for name, workgroup in application.resources("AWS::Athena::WorkGroup").items():
        place = workgroup["WorkGroupConfiguration"].get("ResultConfiguration", {}).get("OutputLocation", "")
        bucket, _, prefix = place.removeprefix("s3://${").partition("}/")
        rules = buckets.get(bucket, {}).get("LifecycleConfiguration", {}).get("Rules", [])
        if not any(rule.get("Prefix") == prefix and rule.get("ExpirationInDays") for rule in rules):
            yield f"{name}: let its results {place} expire"


def quicksight_reads_as_a_reader(application: Application) -> Findings:
    roles, policies = application.resources("AWS::IAM::Role"), application.resources(MANAGED)
    readers = {
        f"${{{name}.Arn}}"
        for name, role in roles.items()
        if referred(role.get("ManagedPolicyArns")) <= policies.keys() and not role.get("Policies")
    }
    for name, source in application.resources(SOURCE).items():
        athena = source["DataSourceParameters"].get("AthenaParameters", {})
        if athena.get("RoleArn") not in readers:
            yield f"{name}: give it a role that has the readers' policy and nothing else"
        if not any(referred(grant.resources) & referred(athena.get("WorkGroup")) for grant in _given(application)):
            yield f"{name}: let it query in the readers' workgroup"


def quicksight_shows_it_to_the_given_principal_only(application: Application) -> Findings:
    for name, body in application.template["Resources"].items():
        if not isinstance(body, dict) or body["Type"] not in SHOWN:
            continue
        permissions = body["Properties"].get("Permissions", [])
        if [permission["Principal"] for permission in permissions] != [{"Ref": "QuickSightPrincipalArn"}]:
            yield f"{name}: share it with QuickSightPrincipalArn only"
        for action in (action for permission in permissions for action in permission["Actions"]):
            if not _looks(action) and action not in PASSED:
                yield f"{name}: remove {action}, it modifies resources of the stack"


RULES = (
    a_reader_only_reads,
    a_reader_sees_no_staged_table,
    a_reader_reads_data_through_athena_only,
    a_reader_has_a_workgroup_of_its_own,
    a_reader_uses_keys_for_objects_only,
    results_of_queries_are_forgotten,
    quicksight_reads_as_a_reader,
    quicksight_shows_it_to_the_given_principal_only,
)
