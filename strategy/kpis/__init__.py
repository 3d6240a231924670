"""A KPI beside its tables: in words, as formula texts, drawn, against the library, and its thread."""
