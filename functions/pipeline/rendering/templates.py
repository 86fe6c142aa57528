"""HTML templates: every value is escaped, an undefined name is an error."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

SHARED = Path(__file__).parent


def load(page: Path) -> Template:
    """The template at `page`; it can use files of its own folder, and the layout and style of all pages."""
    return Environment(
        loader=FileSystemLoader((page.parent, SHARED)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(page.name)
