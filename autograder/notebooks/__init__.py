"""A student's notebook made safe to show and to record."""
