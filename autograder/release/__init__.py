"""Making the student kit: solutions cleared, searched for leaks, packed."""
