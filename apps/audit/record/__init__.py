"""The record as auditors read it: histories, timelines and the audit stream as one list of lines."""
