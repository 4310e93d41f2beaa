"""Frozen, typed settings, validated before anything heavy is imported."""
