"""What the world can read of what was syndicated: share pages, share bars and feeds."""
