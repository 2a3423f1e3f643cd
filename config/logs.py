"""Logging: one line an event, for people or (``SYNDICATOR_LOG_FORMAT=json``) for machines."""

from __future__ import annotations

import logging.config

import structlog


def configure(*, json_lines: bool) -> None:
    """Send structlog and the standard library's loggers through one formatter to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        final,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "syndicator": {"level": "INFO"},
                "workers": {"level": "INFO"},
                # It warns of malformed headers with the whole URL.
                "urllib3": {"level": "ERROR"},
                # Their DEBUG logs print tokens.
                "tweepy": {"level": "INFO"},
                "oauthlib": {"level": "INFO"},
                "requests_oauthlib": {"level": "INFO"},
            },
        }
    )
