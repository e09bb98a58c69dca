"""What a running job needs: its log, the run lock, system errors, timestamps."""
