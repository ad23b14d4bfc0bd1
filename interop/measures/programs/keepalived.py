"""keepalived: VRRP on a shared segment. One node holds the VIP, and there is no BGP."""

from measures.lab import PORT, SHARED_VIP
from measures.programs.program import CHECK_PATH, Program


class Keepalived(Program):
    """VRRPv3."""

    name = "keepalived"
    packages = ("keepalived", "curl")
    commands = ("keepalived", "curl")
    binds_vip = True
    scales = False
    shared_segment = True
    check = "`vrrp_script`: curl every second"
    tuning = "VRRPv3, an advertisement every second, all nodes BACKUP with `nopreempt`"

    def files(self):
        return {"keepalived.conf": f"""\
global_defs {{
  router_id {self.node.name}
  vrrp_version 3
  script_user root
  enable_script_security
}}
vrrp_script service {{
  script "/usr/bin/curl -sf -o /dev/null -m 1 http://127.0.0.1:{PORT}{CHECK_PATH}"
  interval 1
  timeout 1
  fall 1
  rise 1
}}
vrrp_instance vip {{
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 51
  priority {100 + self.node.number}
  advert_int 1
  virtual_ipaddress {{ {SHARED_VIP}/24 dev eth0 }}
  track_script {{ service }}
}}
"""}

    def launches(self):
        return [("keepalived", ["keepalived", "-n", "-l", "--vrrp", "-f", self.path("keepalived.conf"), "-p",
                                self.path("pid"), "-r", self.path("vrrp.pid")], {})]
