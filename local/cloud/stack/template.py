"""`template.yaml` as plain CloudFormation: SAM and language extensions expanded offline, included files inlined.

The result is kept for other processes and in this one, because translating takes two seconds.
"""

import json
import logging
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local.cloud.account import REGION
from local.cloud.cache import CACHE, digest, keep

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
HERE = "the-folder-of-the-template"
EXTENSIONS = "AWS::LanguageExtensions"
LOCATIONS = ("CodeUri", "ContentUri", "DefinitionUri")

Template = dict[str, Any]

_translations: dict[str, str] = {}


def load_template(path: Path, cache: Path = CACHE) -> Template:
    """The template without SAM types; intrinsic functions such as Ref, GetAtt and Sub are unresolved.

    Local files appear as `{"Bucket": HERE, "Key": <path relative to the template>}`. `cache` is a folder.
    """
    sources = [path.read_bytes(), Path(__file__).read_bytes(), version("aws-sam-translator").encode()]
    kept = cache / f"{digest(*sources)}.json"
    found = kept.read_text() if kept.exists() else ""
    known = (text for text in (found, _translations.get(kept.name, "")) if text and _is_current(text, path.parent))
    content = next(known, None) or _translated(path)
    _translations[kept.name] = content
    if content != found:
        keep(kept, content.encode())
    template: Template = json.loads(content)["template"]
    return template


def _translated(path: Path) -> str:
    """The translation, and the digests of the inlined files by path relative to the template, as JSON."""
    files: dict[str, str] = {}
    return json.dumps({"template": _translate(path, files), "files": files})


def _is_current(content: str, folder: Path) -> bool:
    return all(_digest(folder / name) == digest for name, digest in json.loads(content)["files"].items())


def _digest(path: Path) -> str | None:
    return digest(path.read_bytes()) if path.exists() else None


def _translate(path: Path, files: dict[str, str]) -> Template:
    """Also fills `files`: digests of the inlined files by path relative to the template."""
    from boto3 import Session  # noqa: PLC0415 - a warm cache saves seconds of imports
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415
    from samtranslator.utils.py27hash_fix import (  # noqa: PLC0415
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )
    from samtranslator.yaml_helper import yaml_parse  # noqa: PLC0415

    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns that it cannot publish metrics
    template: Any = _included(yaml_parse(path.read_text()), path.parent, files)
    template = _unrolled(template)
    for body in [*template.get("Globals", {}).values(), *template["Resources"].values()]:
        _point_here(body.get("Properties", body))
    to_py27_compatible_template(template, {})
    translator = Translator({}, Parser(), boto_session=Session(region_name=REGION))
    parameters = {name: {"Ref": name} for name in template.get("Parameters", {})}  # otherwise defaults are substituted
    translated: Any = undo_mark_unicode_str_in_template(translator.translate(template, parameters))
    for body in translated["Resources"].values():
        _read_definition(body.get("Properties", {}), path.parent, files)
    plain: Template = json.loads(json.dumps(translated))
    return plain | {"Transform": EXTENSIONS}  # nested functions may still need the extensions


def _unrolled(value: Any) -> Any:
    """`value` with each Fn::ForEach expanded."""
    if isinstance(value, list):
        return [_unrolled(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain: Template = {}
    for key, item in value.items():
        if key.startswith("Fn::ForEach::"):
            name, values, body = item
            for each in values:
                plain |= _unrolled(_filled(body, name, each))
        else:
            plain[key] = _unrolled(item)
    return plain


def _filled(value: Any, name: str, each: str) -> Any:
    """`value` with `${name}` replaced by `each`, and `&{name}` by its alphanumeric characters."""
    if isinstance(value, str):
        return value.replace(f"${{{name}}}", each).replace(f"&{{{name}}}", re.sub("[^a-zA-Z0-9]", "", each))
    if isinstance(value, list):
        return [_filled(item, name, each) for item in value]
    if isinstance(value, dict):
        filled = {_filled(key, name, each): _filled(item, name, each) for key, item in value.items()}
        text = filled.get("Fn::Sub")
        return text if isinstance(text, str) and "${" not in text else filled
    return value


def _included(value: Any, folder: Path, files: dict[str, str]) -> Any:
    """`value` with each `AWS::Include` replaced by its file."""
    if isinstance(value, list):
        return [_included(item, folder, files) for item in value]
    if not isinstance(value, dict):
        return value
    transform = value.get("Fn::Transform", {})
    if transform.get("Name") == "AWS::Include":
        included = json.loads(_read(folder, transform["Parameters"]["Location"], files))
        rest = {name: item for name, item in value.items() if name != "Fn::Transform"}
        return _included({**rest, **included}, folder, files) if isinstance(included, dict) else included
    return {name: _included(item, folder, files) for name, item in value.items()}


def _point_here(properties: dict[str, Any]) -> None:
    for name in LOCATIONS:
        if isinstance(properties.get(name), str):
            properties[name] = {"Bucket": HERE, "Key": properties[name]}


def _read_definition(properties: dict[str, Any], folder: Path, files: dict[str, str]) -> None:
    """Inline the definition that `sam package` would upload."""
    location = properties.pop("DefinitionS3Location", None)
    if location:
        name = location if isinstance(location, str) else location["Key"]
        properties["DefinitionString"] = _read(folder, name, files)


def _read(folder: Path, name: str, files: dict[str, str]) -> str:
    text = (folder / name).read_text()
    files[name] = digest(text.encode())
    return text
