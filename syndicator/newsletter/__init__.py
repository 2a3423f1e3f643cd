"""Who gets mail, what they got, and the fan-out that sends it; registers as the email channel."""
