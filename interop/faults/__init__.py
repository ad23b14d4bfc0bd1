"""Random faults, what they may cost, and what is kept of them: for interop/chaos."""
