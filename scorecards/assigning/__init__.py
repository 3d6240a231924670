"""Giving out KPIs: the assignment page and the grid of many cards."""
