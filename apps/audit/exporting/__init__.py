"""The record on paper, so to speak: a ZIP that can be read, and checked without the product."""
