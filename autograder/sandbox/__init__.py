"""Where submissions run: bubblewrap or Landlock, with a filter of system calls."""
