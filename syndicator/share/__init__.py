"""Share pages: whether a live blog has them, where they are, how often they are opened."""
