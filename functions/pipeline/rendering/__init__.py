"""Drawing and HTML templates shared by the reports."""
