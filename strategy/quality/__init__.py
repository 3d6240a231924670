"""The quality audit: pure rules, the facts of a map, and what findings say."""
