"""The programs under test, each in a file of its own."""

from measures.programs.bgpvip import Bgpvip
from measures.programs.bird import Bird
from measures.programs.exabgp import ExaBGP
from measures.programs.floor import Floor
from measures.programs.frr import FRR
from measures.programs.gobgp import GoBGP
from measures.programs.keepalived import Keepalived
from measures.programs.openbgpd import OpenBGPD

# In the order of the columns.
PROGRAMS = {program.name: program for program in (Bgpvip, Bird, GoBGP, ExaBGP, FRR, OpenBGPD, Keepalived, Floor)}
# Debian's packages of those that are not ours.
PACKAGES = sorted({package for program in PROGRAMS.values() for package in program.packages})
