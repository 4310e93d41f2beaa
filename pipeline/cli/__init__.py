"""One call of a command: its settings composed, its errors in one line, its exit status."""
