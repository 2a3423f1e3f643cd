"""Mail: renders a story, builds the bytes for one recipient, hands them to a relay."""
