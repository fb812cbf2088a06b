"""What notebooks of the original courses, 2016 to 2026, call by names that this package gave up.

`cs231n.compat.names` says which old name stands in which file here; the course's own modules look
there when somebody asks for a name that they do not have. Nothing here solves an exercise: it calls
the functions of the package, and works when they do.
"""
