"""What of the documentation is made and not written: tables, diagrams, pictures, what came out."""
