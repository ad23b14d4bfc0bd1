"""What `interop/bench` measures, and the small racks of network namespaces in which it does."""
