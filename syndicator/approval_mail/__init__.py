"""Mail to editors who want it: each waiting post with a link to approve or reject it by one tap."""
