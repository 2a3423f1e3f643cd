"""Settings, URLs and the Celery application: the only place that knows the environment."""
