"""What the fast layers are made of: compiled kernels, their stand-ins in NumPy, and threads."""
