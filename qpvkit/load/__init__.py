"""Official files in, tidy tables out. The only room that opens data files."""
