"""What a person gets who opens a link: the report, or a small page without scripts that says why not."""

from pipeline.contracts.api import ApiAnswer

REDIRECT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PAGE = REDIRECT | {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
REASONS = {
    403: ("This link is not valid", "Open it from the mail again: a part of it may be missing."),
    404: ("This report is not there", "It was withdrawn."),
    410: ("This link has expired", "A newer mail has a newer link; the published data are still there."),
}
HTML = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 1.1rem/1.5 sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }}</style>
<h1>{title}</h1>
<p>{advice}</p>
</html>
"""


def opened(url: str) -> ApiAnswer:
    """302 to the report, remembered by nobody on the way."""
    return ApiAnswer(status_code=302, headers=REDIRECT | {"Location": url})


def not_opened(status: int) -> ApiAnswer:
    """The page for 403, 404 or 410."""
    title, advice = REASONS[status]
    return ApiAnswer(status_code=status, headers=PAGE, body=HTML.format(title=title, advice=advice))
