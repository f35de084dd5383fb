"""What the locked room brings: one module per verb."""
