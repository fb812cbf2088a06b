"""What lies in a course folder: the manifest, receipts, verdicts, digests, locks."""
