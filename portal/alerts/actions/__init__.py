"""What is done to warnings: one module per verb; lock, check, write, record."""
