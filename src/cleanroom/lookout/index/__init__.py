"""The graph's index: built from Parquet, opened by any number of readers, extended and merged by one writer."""
