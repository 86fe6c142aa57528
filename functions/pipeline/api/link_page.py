"""Responses to an opened link: a redirect to the report, or a small page without scripts that says why not."""

from pipeline.contracts.api import ApiResponse

REDIRECT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PAGE = REDIRECT | {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
REASONS = {
    403: ("This link is not valid", "Open it from the mail again: part of it may be missing."),
    404: ("This report does not exist", "It was withdrawn."),
    410: ("This link has expired", "A newer mail has a newer link; the published data is still available."),
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


def redirect(url: str) -> ApiResponse:
    """302 to the report, never cached and without a referrer."""
    return ApiResponse(status_code=302, headers=REDIRECT | {"Location": url})


def error_page(status: int) -> ApiResponse:
    """The page for 403, 404 or 410."""
    title, advice = REASONS[status]
    return ApiResponse(status_code=status, headers=PAGE, body=HTML.format(title=title, advice=advice))
