"""Convolutions through fewer products, and by the phases of a stride."""
