"""For who makes a course: setting it up, trying it out, a demo class, a copy to study alone."""
