"""What every artifact is expected to be: rules per artifact, and Great Expectations' verdicts."""
