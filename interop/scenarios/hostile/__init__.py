"""What does harm to bgpvip, with limits for what it may cost: neighbours, services, the machine, and whoever kills it."""

from scenarios.hostile import ends, faults, memory, neighbours, services

# Not part of a whole run, which has no time for them.
NIGHTLY = (faults.hostile_netlink, ends.hostile_stalls, ends.hostile_kills)
ALL = (*neighbours.ALL, *services.ALL, *faults.ALL, *memory.ALL, *ends.ALL)
