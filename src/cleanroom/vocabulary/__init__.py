"""The words of the house: closed sets and frozen types. Imports nothing but errors."""
