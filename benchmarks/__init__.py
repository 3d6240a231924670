"""Measurements of the promises about speed: `make bench` prints one JSON line per figure."""
