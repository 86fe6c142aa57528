"""What both reports are drawn with."""
