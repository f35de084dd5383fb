"""Financial Clean Room: institutions fight scams together without seeing each other's customers."""
