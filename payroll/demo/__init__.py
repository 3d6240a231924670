"""Two demo companies, generated from a seed: people, strategy, twelve months of history, pay."""
