"""The mail with the daily report."""

from pipeline.billing.summary import Summary
from pipeline.billing.wording import headline, lead_sentence
from pipeline.mail.run_mail import MAX_SUBJECT, Mail


def compose(summary: Summary, link: str) -> Mail:
    """What the bill says and what our runs were estimated to cost; `link` opens the page."""
    bill = summary.bill
    cost = "no bill yet" if bill.notice else f"{headline(summary.billed)} {bill.currency} in 14 days"
    subject = f"SingStat: costs of {summary.application}: {cost}".encode("ascii", "replace").decode()
    lines = [
        lead_sentence(summary),
        bill.remedy or f"The last 14 days: {headline(summary.billed)} {bill.currency}, billed up to two days late.",
        f"Our runs of these days, estimated: {headline(summary.estimated)} USD.",
        "",
        "The report:",
        link,
        "",
    ]
    return Mail(subject=subject[:MAX_SUBJECT], text="\n".join(lines))
