"""HTML templates as all reports use them: every value is escaped, an unknown name is refused."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

HERE = Path(__file__).parent


def load(page: Path) -> Template:
    """The template at `page`; it may include those of its own folder and the style that all reports share."""
    return Environment(
        loader=FileSystemLoader((page.parent, HERE)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(page.name)
