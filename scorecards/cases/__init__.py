"""Worked cases of scoring: how each section of a case file runs through the product."""
