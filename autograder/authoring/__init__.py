"""Making a course: set it up, try it out, fill it with a demo class, copy it to study alone."""
