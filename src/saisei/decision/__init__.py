"""The walk from a case to a Decision, and its gates."""
