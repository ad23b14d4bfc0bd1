"""The router programs of the lab: the same few questions to each."""

from lab.routers.bird import BirdRouter
from lab.routers.exabgp import ExabgpRouter
from lab.routers.frr import FrrRouter
from lab.routers.gobgp import GobgpRouter
from lab.routers.openbgpd import OpenbgpdRouter

PROGRAMS = {program.name: program for program in (BirdRouter, FrrRouter, GobgpRouter, OpenbgpdRouter, ExabgpRouter)}
