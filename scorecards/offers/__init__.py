"""What scorecards register for the apps below them (kpiapp.registry)."""
