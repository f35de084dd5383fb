"""What is done to incidents: reported, taken on, told, closed."""
