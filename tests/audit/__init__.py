"""The outside auditor: see auditor.py."""
