"""What is done to releases: one module per verb. `cleanroom.governance` decides; here it is locked and recorded."""
