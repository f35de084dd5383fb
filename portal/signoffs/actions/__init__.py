"""What is done to releases: one module per verb. The rules are cleanroom.governance; here they are locked, kept, recorded."""
