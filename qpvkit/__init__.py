"""Diagnostics of the quartiers prioritaires (QPV) for the contrats de ville 2024-2030."""
