"""Pure measures: frames in, frames out. Nothing here reads a file, draws or keeps anything."""
