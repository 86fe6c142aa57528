"""Finish what `sam build` has made: leave out what no function uses, and add byte code. `make build` runs it.

    python3.13 tools/finish_build.py .aws-sam/build

It must be the functions' version of Python, whose byte code it writes. Licences stay.
"""

import compileall
import os
import re
import shutil
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from py_compile import PycInvalidationMode

# Of packages: what is not needed to import and use them as the functions do. `KEPT` wins.
UNUSED = (
    "*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.hpp", "*.a",
    "*/tests", "*/testing/tests", "*.dist-info/RECORD", "*.data",
    "botocore/data/*/*/examples-1.json", "boto3/data", "boto3/examples", "dateutil/zoneinfo",
    "aws_lambda_powertools/event_handler", "aws_lambda_powertools/utilities/*",
    "fontTools/*",
    "matplotlib/mpl-data/sample_data", "matplotlib/mpl-data/images", "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts", "matplotlib/backends/web_backend", "matplotlib/backends/_tkagg*.so",
    "mpl_toolkits/axes_grid1", "mpl_toolkits/axisartist",
    "numpy/f2py", "numpy/_core/include", "numpy/_core/lib",
    "numpy/random/lib", "numpy/random/_examples",
    "PIL/_avif*", "PIL/_imagingcms*", "PIL/_imagingft*", "PIL/_imagingtk*", "PIL/_webp*",
    "pillow.libs/libavif*", "pillow.libs/libfreetype*", "pillow.libs/libharfbuzz*", "pillow.libs/liblcms2*",
    "pillow.libs/libwebp*", "pillow.libs/libsharpyuv*",
)  # fmt: skip
KEPT = (
    "fontTools/__init__.py", "fontTools/agl.py",
    "fontTools/misc/__init__.py", "fontTools/misc/loggingTools.py", "fontTools/misc/textTools.py",
    "aws_lambda_powertools/utilities/__init__.py", "aws_lambda_powertools/utilities/jmespath_utils/",
    "aws_lambda_powertools/utilities/typing/",
)  # fmt: skip
CLIENT = re.compile(r'\bclient\(\s*"([a-z0-9-]+)"')


def finish(built: Path) -> None:
    """Finish the functions' bundle, once for all of them, and each layer."""
    first, *others = sorted(path.parent for path in built.glob("*/pipeline"))
    keep_models(first)
    trim(first)
    for folder in others:
        shutil.rmtree(folder)
        shutil.copytree(first, folder, copy_function=os.link)
    for layer in built.glob("*/python"):
        trim(layer)


def keep_models(bundle: Path) -> None:
    """Of botocore's models of services: the newest of those that the code makes a client of."""
    code = [path.read_text("utf-8") for path in _own(bundle)]
    used = {service for text in code for service in CLIENT.findall(text)}
    for service in (path for path in (bundle / "botocore" / "data").iterdir() if path.is_dir()):
        versions = sorted(service.iterdir())
        for unused in [service] if service.name not in used else versions[:-1]:
            shutil.rmtree(unused)


def trim(folder: Path) -> None:
    """Delete what is unused, and compile the rest."""
    for path in list(unused(folder, folder)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    prefix = "/var/task" if (folder / "pipeline").is_dir() else "/opt/python"
    compileall.compile_dir(
        folder, quiet=1, stripdir=str(folder), prependdir=prefix, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )


def unused(folder: Path, root: Path) -> Iterator[Path]:
    """The files and folders below `folder` that `UNUSED` names and `KEPT` does not."""
    for path in folder.iterdir():
        name = path.relative_to(root).as_posix()
        kept = any(name.startswith(each) or each.startswith(f"{name}/") for each in KEPT)
        if not kept and any(fnmatch(name, pattern) for pattern in UNUSED):
            yield path
        elif path.is_dir():
            yield from unused(path, root)


def _own(bundle: Path) -> Iterator[Path]:
    yield from bundle.glob("*.py")
    for folder in ("ec2", "pipeline"):
        yield from (bundle / folder).rglob("*.py")


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
