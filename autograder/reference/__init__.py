"""The reference solution: its files, its answers, and typical mistakes planted in it."""
