"""How people get into the desk, and what keeps others out."""
