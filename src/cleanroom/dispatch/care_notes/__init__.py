"""The pilot of generative AI: drafts of notes for an officer's care call, written from the facts of a care notice."""
