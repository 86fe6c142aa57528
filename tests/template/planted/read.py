"""Defects of readers: the policy, the workgroup, QuickSight."""

from tests.template.planted.defect import Defect, Plant, added, having, put
from tests.template.rules import readers, storage
from tests.template.rules.application import Application

STAGED = "arn:aws:glue:ap-southeast-1:123456789012:table/${StagedDatabase}/*"


def policy(sid: str, **values: object) -> Plant:
    """Change a statement of the readers' policy; None removes a part."""

    def plant(application: Application) -> None:
        document = application.translated["Resources"]["ReaderPolicy"]["Properties"]["PolicyDocument"]
        (statement,) = (one for one in document["Statement"] if one["Sid"] == sid)
        put(statement, values)

    return plant


def shown(resource: str, principal: object, *actions: str) -> Plant:
    """Share a declared QuickSight resource with a principal."""
    permissions = [{"Principal": principal, "Actions": list(actions)}]
    return lambda app: put(app.template["Resources"][resource]["Properties"], {"Permissions": permissions})


DEFECTS = {
    "a reader makes tables": Defect(
        readers.a_reader_only_reads,
        "glue:CreateTable",
        policy("ReadThePublishedSchema", Action=["glue:GetTable", "glue:CreateTable"]),
    ),
    "a reader deletes results": Defect(
        readers.a_reader_only_reads, "s3:DeleteObject", policy("WriteAndReadResults", Action="s3:DeleteObject")
    ),
    "a reader starts runs": Defect(
        readers.a_reader_only_reads,
        "states:StartExecution",
        policy("QueryInTheReadersWorkgroup", Action="states:StartExecution"),
    ),
    "a reader reads staged tables": Defect(
        readers.a_reader_sees_no_staged_table, "${StagedDatabase}", policy("ReadThePublishedSchema", Resource=STAGED)
    ),
    "a reader reads every database": Defect(
        readers.a_reader_sees_no_staged_table,
        "database/*",
        policy("ReadThePublishedSchema", Resource="arn:aws:glue:ap-southeast-1:123456789012:database/*"),
    ),
    "a reader reads staged data past Athena": Defect(
        readers.a_reader_reads_data_through_athena_only,
        "aws:CalledVia",
        policy("ReadPublishedDataThroughAthena", Condition={}),
    ),
    "a reader reads through any service": Defect(
        readers.a_reader_reads_data_through_athena_only,
        "aws:CalledVia",
        policy(
            "ReadPublishedDataThroughAthena",
            Condition={"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}},
        ),
    ),
    "a reader reads raw pages": Defect(
        readers.a_reader_reads_data_through_athena_only,
        "untransformedsingstatdata/*",
        policy("ReadPublishedDataThroughAthena", Resource="${DataBucket.Arn}/untransformedsingstatdata/*"),
    ),
    "a reader reads records of runs": Defect(
        readers.a_reader_reads_data_through_athena_only,
        ": * is not published",
        policy("ReadPublishedDataThroughAthena", Resource="${DataBucket.Arn}/*"),
    ),
    "a reader lists the whole bucket": Defect(
        readers.a_reader_reads_data_through_athena_only,
        "limit the listing",
        policy(
            "ListPublishedDataThroughAthena",
            Condition={"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}},
        ),
    ),
    "a reader writes data": Defect(
        readers.a_reader_reads_data_through_athena_only,
        "does more than read",
        policy("ReadPublishedDataThroughAthena", Action="s3:PutObject"),
    ),
    "a reader writes reports": Defect(
        readers.a_reader_has_a_workgroup_of_its_own,
        "and nothing else",
        policy("WriteAndReadResults", Resource="${ResultsBucket.Arn}/*"),
    ),
    "a reader queries in the runs' workgroup": Defect(
        readers.a_reader_has_a_workgroup_of_its_own,
        "StartVerificationFunctionRole",
        policy(
            "QueryInTheReadersWorkgroup",
            Resource="arn:aws:athena:ap-southeast-1:123456789012:workgroup/${Workgroup}",
        ),
    ),
    "a reader queries in any workgroup": Defect(
        readers.a_reader_has_a_workgroup_of_its_own,
        "name a workgroup",
        policy("QueryInTheReadersWorkgroup", Resource="arn:aws:athena:ap-southeast-1:123456789012:workgroup/*"),
    ),
    "readers' results lie among the runs'": Defect(
        readers.a_reader_has_a_workgroup_of_its_own,
        "${ResultsBucket.Arn}/athena/* is the readers'",
        having(
            "ReadersWorkgroup",
            "WorkGroupConfiguration",
            "ResultConfiguration",
            OutputLocation="s3://${ResultsBucket}/athena/",
        ),
    ),
    "a reader decrypts mails": Defect(
        readers.a_reader_uses_keys_for_objects_only, "kms:ViaService", policy("UseTheKeyForObjects", Condition={})
    ),
    "readers' results are not encrypted": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "ReadersWorkgroup: encrypt its results",
        having("ReadersWorkgroup", "WorkGroupConfiguration", "ResultConfiguration", EncryptionConfiguration=None),
    ),
    "a reader chooses where results go": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "ReadersWorkgroup: EnforceWorkGroupConfiguration",
        having("ReadersWorkgroup", "WorkGroupConfiguration", EnforceWorkGroupConfiguration=False),
    ),
    "a reader's query may read everything": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "ReadersWorkgroup: give it BytesScannedCutoffPerQuery",
        having("ReadersWorkgroup", "WorkGroupConfiguration", BytesScannedCutoffPerQuery=None),
    ),
    "readers' results are kept for ever": Defect(
        readers.results_of_queries_are_forgotten,
        "ReadersWorkgroup",
        having(
            "ReadersWorkgroup",
            "WorkGroupConfiguration",
            "ResultConfiguration",
            OutputLocation="s3://${ResultsBucket}/elsewhere/",
        ),
    ),
    "QuickSight reads as the whole account": Defect(
        readers.quicksight_reads_as_a_reader,
        "Planted: give it a role",
        added(readers.SOURCE, {"DataSourceParameters": {"AthenaParameters": {"WorkGroup": "${ReadersWorkgroup}"}}}),
    ),
    "QuickSight queries in the runs' workgroup": Defect(
        readers.quicksight_reads_as_a_reader,
        "Planted: let it query",
        added(readers.SOURCE, {"DataSourceParameters": {"AthenaParameters": {"WorkGroup": "${Workgroup}"}}}),
    ),
    "QuickSight shows it to somebody else": Defect(
        readers.quicksight_shows_it_to_the_given_principal_only,
        "QuickSightDashboard: share it",
        shown("QuickSightDashboard", "arn:aws:quicksight:ap-southeast-1:123456789012:user/default/other"),
    ),
    "a reader in QuickSight deletes a data set": Defect(
        readers.quicksight_shows_it_to_the_given_principal_only,
        "quicksight:DeleteDataSet",
        shown("SeriesDataSet", {"Ref": "QuickSightPrincipalArn"}, "quicksight:DeleteDataSet"),
    ),
}
