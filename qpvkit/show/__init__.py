"""Charts, maps, tables and sentences: what a reader sees of a `Diagnostic`.

Nothing here computes an indicator nor reads a data file.
"""
