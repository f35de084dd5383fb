"""The generative pack: what a language model wrote, graded offline on recorded transcripts (docs/generative.md)."""
