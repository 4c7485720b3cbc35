"""Measuring: guests that count what calls, operations and faults cost, and what comes of it."""
