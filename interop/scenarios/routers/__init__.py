"""The scenarios for every router program, in the order they run. Each takes a clean cell and returns what was seen."""

from scenarios.routers.bfd import bfd, bfd_drain, bfd_frozen, bfd_shut_down
from scenarios.routers.changes import graceful_shutdown, llgr, refresh, restart, sigterm, withdraw
from scenarios.routers.doctor import doctor, doctor_reasons
from scenarios.routers.reload import md5_rotated
from scenarios.routers.sessions import (
    extended_next_hop, gtsm, ibgp, ipv6, md5, multihop, pools, session, two_octet_as,
)

ALL = [
    session, withdraw, sigterm, md5, md5_rotated, gtsm, multihop, ibgp, ipv6, extended_next_hop, pools, two_octet_as,
    refresh, graceful_shutdown, llgr, bfd, bfd_frozen, bfd_drain, bfd_shut_down, restart, doctor, doctor_reasons,
]
