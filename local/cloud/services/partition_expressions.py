"""The expressions of Glue's GetPartitions: moto compares decimals as floats, and takes bounds in either order.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html. Its examples are in
`tests/local/documented/partition-expressions.csv`.
"""

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from moto.glue import utils
from moto.glue.exceptions import InvalidInputException

NUMBER, FLOAT_DIGITS = re.compile(r"'(?:[^']|'')*'|(\d+\.\d+)"), 15  # not those in quotes
NAMED_TYPE = re.compile(r"(\w+)\s*\(.*\)")


@cache
def repair() -> None:
    """Install the repairs, once per process."""
    original, parse = utils._cast, utils._PartitionFilterExpressionCache.get

    def cast(kind: str, value: Any) -> Any:
        name = NAMED_TYPE.sub(r"\1", kind)
        if name != "decimal":
            return original({"long": "bigint"}.get(name, name), value)
        try:
            return Decimal(str(value))
        except InvalidOperation as error:
            raise ValueError(f"{value} is not a decimal.") from error

    def between(self: Any, part_keys: Any, part_input: Any) -> bool:
        low, high = (self.ident.leval(part_keys, bound) for bound in (self.left, self.right))
        return bool(low <= self.ident.eval(part_keys, part_input) <= high)

    def get(self: Any, expression: str | None) -> Any:
        if any(sum(map(str.isdigit, number)) > FLOAT_DIGITS for number in NUMBER.findall(expression or "")):
            raise InvalidInputException("GetPartitions", "not on the laptop: a long decimal without quotes")
        try:
            return parse(self, expression)
        except InvalidInputException as error:
            error.message = f"not on the laptop, or invalid: the expression {expression}"
            raise

    utils._cast, utils._Between.eval, utils._PartitionFilterExpressionCache.get = cast, between, get
