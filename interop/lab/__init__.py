"""The lab: a ToR, a spine, three nodes and a client in containers, and what the scenarios do with them."""
