"""The mail with the daily report."""

from pipeline.costs.summary import Summary
from pipeline.costs.wording import headline, said

MAX_SUBJECT = 99  # SNS: fewer than 100 characters, all of them ASCII


def compose(summary: Summary, link: str) -> tuple[str, str]:
    """Subject and text; `link` opens the page, "" where there is none."""
    bill = summary.bill
    cost = "no bill yet" if bill.notice else f"{headline(summary.billed)} {bill.currency} in 14 days"
    subject = f"SingStat: costs of {summary.application}: {cost}".encode("ascii", "replace").decode()
    lines = [
        said(summary),
        bill.remedy or f"The last 14 days: {headline(summary.billed)} {bill.currency}, billed up to two days late.",
        f"Our runs of these days, estimated: {headline(summary.estimated)} USD.",
        *([f"Report: {link}"] if link else []),
    ]
    return subject[:MAX_SUBJECT], "\n".join(lines)
