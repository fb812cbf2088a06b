"""Notebooks of students, run in the sandbox for their plots and text."""
