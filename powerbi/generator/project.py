"""All generated files of the project."""

import json

from powerbi.generator import tmdl
from powerbi.generator.model import MODEL, RELATIONSHIPS
from powerbi.generator.pages import PAGES, Page
from powerbi.generator.queries import EXPRESSIONS
from powerbi.generator.theme import NAME, theme
from powerbi.generator.visuals import HEIGHT, SCHEMAS, WIDTH, Json, leaving_out, visual_json

REPORT, DEFINITION = "SingStat.Report/", f"{SCHEMAS}item/report/definition/"
THEME = f"{NAME}.json"


def project() -> dict[str, str]:
    """The text of every generated file, by its path in `powerbi/`."""
    return {
        "SingStat.pbip": _json(
            {
                "$schema": f"{SCHEMAS}pbip/pbipProperties/1.0.0/schema.json",
                "version": "1.0",
                "artifacts": [{"report": {"path": "SingStat.Report"}}],
                "settings": {"enableAutoRecovery": True},
            }
        ),
        "athena.pbids": _source("odbc", {"options": {"dsn": "SingStat"}}),
        "export-folder.pbids": _source("folder", {"path": "C:\\SingStat\\export"}),
        **{f"SingStat.SemanticModel/{path}": text for path, text in _model().items()},
        **{f"{REPORT}{path}": _json(content) for path, content in _report().items()},
    }


def _model() -> dict[str, str]:
    pbism = {
        "$schema": f"{SCHEMAS}item/semanticModel/definitionProperties/1.0.0/schema.json",
        "version": "4.2",
        "settings": {},
    }
    return {
        ".platform": _json(_platform("SemanticModel")),
        "definition.pbism": _json(pbism),
        "definition/database.tmdl": tmdl.database(),
        "definition/model.tmdl": tmdl.model(MODEL, EXPRESSIONS),
        "definition/expressions.tmdl": tmdl.expressions(EXPRESSIONS),
        "definition/relationships.tmdl": tmdl.relationships(RELATIONSHIPS),
        f"definition/cultures/{tmdl.CULTURE}.tmdl": tmdl.culture(),
        **{f"definition/tables/{table.name}.tmdl": tmdl.table(table) for table in MODEL},
    }


def _report() -> dict[str, Json]:
    names = [page.name for page in PAGES]
    return {
        ".platform": _platform("Report"),
        "definition.pbir": {
            "$schema": f"{SCHEMAS}item/report/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": "../SingStat.SemanticModel"}},
        },
        "definition/version.json": {"$schema": f"{DEFINITION}versionMetadata/1.0.0/schema.json", "version": "2.0.0"},
        "definition/report.json": _settings(),
        "definition/pages/pages.json": {
            "$schema": f"{DEFINITION}pagesMetadata/1.0.0/schema.json",
            "pageOrder": names,
            "activePageName": names[0],
        },
        **{path: content for page in PAGES for path, content in _page(page).items()},
        f"StaticResources/RegisteredResources/{THEME}": theme(),
    }


def _settings() -> Json:
    imported = {"visual": "2.4.0", "page": "2.0.0", "report": "3.0.0"}
    return {
        "$schema": f"{DEFINITION}report/3.0.0/schema.json",
        "themeCollection": {
            "customTheme": {"name": THEME, "reportVersionAtImport": imported, "type": "RegisteredResources"}
        },
        "resourcePackages": [
            {
                "name": "RegisteredResources",
                "type": "RegisteredResources",
                "items": [{"name": THEME, "path": THEME, "type": "CustomTheme"}],
            }
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "exportDataMode": "AllowSummarizedAndUnderlying",
            "defaultDrillFilterOtherVisuals": True,
            "useEnhancedTooltips": True,
        },
    }


def _page(page: Page) -> dict[str, Json]:
    folder = f"definition/pages/{page.name}/"
    about: Json = {
        "$schema": f"{DEFINITION}page/2.0.0/schema.json",
        "name": page.name,
        "displayName": page.name,
        "displayOption": "FitToPage",
        "height": HEIGHT,
        "width": WIDTH,
    }
    if page.without:
        about["filterConfig"] = {"filters": [leaving_out(*page.without)]}
    visuals = {
        f"{folder}visuals/{visual.head.name}/visual.json": visual_json(visual, order)
        for order, visual in enumerate(page.visuals)
    }
    return {f"{folder}page.json": about, **visuals}


def _platform(kind: str) -> Json:
    return {
        "$schema": f"{SCHEMAS}gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": kind, "displayName": "SingStat"},
        "config": {"version": "2.0", "logicalId": tmdl.tag(kind)},
    }


def _source(protocol: str, address: Json) -> str:
    details = {"protocol": protocol, "address": address}
    return _json({"version": "0.1", "connections": [{"details": details, "options": {}, "mode": "Import"}]})


def _json(content: Json) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
