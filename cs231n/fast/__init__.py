"""The machinery of the fast layers: compiled kernels, what stands in for them in NumPy, and threads."""
