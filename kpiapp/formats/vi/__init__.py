"""Formats for Vietnamese readers."""
