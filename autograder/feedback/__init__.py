"""The pages that students read after grading."""
