"""What happened in the night, for the morning's editor: a page, and a mail for who wants it."""
