"""What a monitoring system watches."""
