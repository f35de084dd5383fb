"""What is done to submissions: one module per verb."""
