"""The pilot on the line: record what a drafter writes, grade it, release it, draft under its certificate."""
