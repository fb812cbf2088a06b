"""nbgrader's database: what is recorded in it, and what is exported from it."""
