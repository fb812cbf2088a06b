"""The process in which students' code runs, and how questions and answers travel to it and back."""
