"""Show what is known of the droit commun: sentences, charts, maps, tables."""
