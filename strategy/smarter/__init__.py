"""Is a KPI SMARTER? The letters, what judges them, and what the findings say."""
