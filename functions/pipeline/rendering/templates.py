"""HTML templates: every value is escaped, an undefined name is an error."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

STYLES = Path(__file__).parent


def load(page: Path) -> Template:
    """The template at `page`; it can include files of its own folder and the shared `style.css`."""
    return Environment(
        loader=FileSystemLoader((page.parent, STYLES)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(page.name)
