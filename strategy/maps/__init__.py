"""A map beside its tables: as a drawing, as plain content, and what two contents differ in."""
