"""Log lines: one JSON object each, to stdout, without personal data by what is passed in."""

import logging

import structlog


def configure_logging() -> None:
    """INFO and above; an exception's traceback without the values of its frames."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
