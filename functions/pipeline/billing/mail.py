"""The mail of the daily cost report."""

from pipeline.billing.summary import Summary
from pipeline.billing.wording import lead_sentence, rounded
from pipeline.mail.run_mail import MAX_SUBJECT, Mail


def compose(summary: Summary, link: str) -> Mail:
    """The billed costs and the estimated costs of runs; `link` opens the page."""
    bill = summary.bill
    cost = "no bill yet" if bill.notice else f"{rounded(summary.billed)} {bill.currency} in 14 days"
    subject = f"SingStat: costs of {summary.application}: {cost}".encode("ascii", "replace").decode()
    lines = [
        lead_sentence(summary),
        bill.remedy
        or f"Last 14 days: {rounded(summary.billed)} {bill.currency}; AWS reports costs up to two days late.",
        f"Runs in these 14 days: {rounded(summary.estimated)} USD, estimated at list prices.",
        "",
        "Report:",
        link,
        "",
    ]
    return Mail(subject=subject[:MAX_SUBJECT], text="\n".join(lines))
