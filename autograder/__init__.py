"""The pipeline: from sources to student kits, from submissions to scores and feedback."""
