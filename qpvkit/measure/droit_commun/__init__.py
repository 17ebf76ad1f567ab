"""Droit commun: who gets less than a fair share of ordinary means, and how sure we are."""
