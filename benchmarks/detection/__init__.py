"""Rules, model without graph and model, judged on data that nobody here made."""
