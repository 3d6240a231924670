"""Early warnings: who sees and answers which, and what pages say about them."""
