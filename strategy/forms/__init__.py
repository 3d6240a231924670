"""Forms of strategy: maps and objectives, KPIs, and the parameters of every scoring method."""
