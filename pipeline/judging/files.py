"""The names of a judge's files."""

JUDGE, WEIGHTS, REFERENCES, REAL = "judge.json", "weights.npz", "references.json", "real.npz"
METRICS = "metrics.json"
