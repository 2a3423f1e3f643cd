"""Everything on one machine: broker, web, worker and beat in one process, and who watches it."""
