"""A control plane of real parts: etcd, API servers, proxies, and what asks them through the VIP."""
