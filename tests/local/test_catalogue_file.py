"""`catalogue.json`: what Glue has answered is in it, however its writer ends; a change of a partition adds a line."""

import json
import subprocess
import sys
from pathlib import Path

from local.cloud.aws import LocalAWS
from local.cloud.sql import catalogue
from local.cloud.sql.catalogue import FILE_NAME, PUBLISHED

TABLES = 150
WRITER = """
import os, signal, sys
from pathlib import Path
from local.cloud.aws import LocalAWS
from local.cloud.sql.catalogue import FILE_NAME, PUBLISHED

lake, tables = Path(sys.argv[1]), [f"Z{number:06}" for number in range(int(sys.argv[2]))]
with LocalAWS(lake) as aws:
    glue, yearly = aws.client("glue"), {"DatabaseName": PUBLISHED, "TableName": "yearly"}
    def partition(table, place):
        return {"Values": [table], "StorageDescriptor": {"Location": f"s3://synthetic/{place}/{table}/"}}
    glue.create_partition(**yearly, PartitionInput=partition(tables[0], "old"))
    begun = os.stat(lake / FILE_NAME)
    for table in tables[1:100]:
        glue.create_partition(**yearly, PartitionInput=partition(table, "old"))
    glue.batch_create_partition(**yearly, PartitionInputList=[partition(table, "old") for table in tables[100:]])
    for table in tables[::2]:
        glue.update_partition(**yearly, PartitionValueList=[table], PartitionInput=partition(table, "new"))
    glue.delete_partition(**yearly, PartitionValues=[tables[1]])
    ended = os.stat(lake / FILE_NAME)
    print(begun.st_ino == ended.st_ino, ended.st_size - begun.st_size, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_each_change_is_a_line_that_outlives_a_killed_writer(tmp_path: Path) -> None:
    writer = subprocess.run([sys.executable, "-c", WRITER, tmp_path, str(TABLES)], capture_output=True, check=False)
    same_file, written = writer.stdout.split()

    assert (writer.returncode, same_file) == (-9, b"True"), writer.stderr
    assert int(written) < 1.6 * TABLES * 200  # bytes of a change; the whole, written so often, would be megabytes
    expected = {
        (f"Z{number:06}",): f"s3://synthetic/{'old' if number % 2 else 'new'}/Z{number:06}/"
        for number in range(TABLES)
        if number != 1
    }
    assert partitions(tmp_path) == expected

    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'["transformed_singstat_data","yearly",["Z0000')  # as far as a writer came
    assert partitions(tmp_path) == expected
    with LocalAWS(tmp_path) as aws:
        pages = aws.client("glue").get_paginator("get_partitions").paginate(DatabaseName=PUBLISHED, TableName="yearly")
        seen = [partition for page in pages for partition in page["Partitions"]]
    assert {tuple(each["Values"]): each["StorageDescriptor"]["Location"] for each in seen} == expected
    assert len(json.loads((tmp_path / FILE_NAME).read_bytes())[PUBLISHED]["tables"]["yearly"]["partitions"]) == 149


def partitions(lake: Path) -> dict[tuple[str, ...], str]:
    return catalogue.load(lake).databases[PUBLISHED]["yearly"].partitions
