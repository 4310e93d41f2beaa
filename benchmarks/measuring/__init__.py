"""What benchmarks share: the machine they ran on, commands with their times, results with rows and goals."""
