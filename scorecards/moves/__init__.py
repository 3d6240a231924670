"""Which scores move, by how much and why: previews, new versions of a KPI, nights."""
