"""What parties and stations agree on: the data specification, the manifest, messages and table shapes."""
