"""What comes back of the mails sent: bounces and complaints, and what follows from them."""
