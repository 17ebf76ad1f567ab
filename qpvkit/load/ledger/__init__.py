"""Lines of money and of staff: read as published, counted, and none lost without a reason."""
