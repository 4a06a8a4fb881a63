"""Demo data that a newcomer believes, all of it relative to now, and its complete removal."""
