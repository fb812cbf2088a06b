"""Judging submissions: what is asked, in which processes, and what becomes of the answers."""
