"""Where results come from: versions, digests of code, commit."""
