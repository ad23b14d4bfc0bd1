"""`bgpvip doctor` names what is wrong: each finding is provoked for real, and asked for by its code."""

from scenarios.doctor.daemons import doctor_daemons
from scenarios.doctor.nodes import doctor_node
from scenarios.doctor.routers import doctor_routers
from scenarios.doctor.sessions import doctor_sessions
from scenarios.doctor.settings import doctor_settings

ALL = [doctor_settings, doctor_node, doctor_daemons, doctor_routers, doctor_sessions]
