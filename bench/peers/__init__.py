"""What people would use instead: one network at a time, in each tool's ordinary best settings."""
