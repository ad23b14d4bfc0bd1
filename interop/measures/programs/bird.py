"""BIRD with a check script: a static route is enabled and disabled."""

import time

from measures.lab import NODE_AS, ROUTER_AS
from measures.programs.program import Program

BFD = 'protocol bfd {{ interface "*" {{ min rx interval {0} ms; min tx interval {0} ms; multiplier 3; }}; }}\n'


class Bird(Program):
    """BIRD 2."""

    name = "bird"
    packages = ("bird2",)
    commands = ("bird", "birdc")
    has_bfd = True
    tuning = "`connect delay time 0` (acts as 1 s), `connect retry time 1`, `error wait time 1, 1`, `import none`"

    def files(self):
        task = self.task
        sessions = "".join(f"""\
protocol bgp p{number} {{
  local {self.node.address} as {NODE_AS};
  neighbor {peer} as {ROUTER_AS};
  hold time {task.hold};
  keepalive time {task.keepalive};
  connect delay time 0;
  connect retry time 1;
  error wait time 1, 1;
  {'bfd on;' if task.bfd else ''}
  ipv4 {{ import none; export where source = RTS_STATIC; }};
}}
""" for number, peer in enumerate(task.peers))
        vips = "".join(f"route {vip}/32 unreachable;\n" for vip in task.vips) if task.checked else ""
        return {"routes": vips, "bird.conf": f"""\
router id {self.node.address};
protocol device {{ scan time 60; }}
protocol static vips {{ disabled {'yes' if task.checked else 'no'}; ipv4;
include "{self.path('routes')}*";
}}
{BFD.format(task.bfd) if task.bfd else ''}{sessions}"""}

    def launches(self):
        return [("bird", ["bird", "-f", "-c", self.path("bird.conf"), "-s", self.path("ctl")], {}), *self.check_loop()]

    def up(self):
        return ["birdc", "-s", self.path("ctl"), "enable", "vips"]

    def down(self):
        return ["birdc", "-s", self.path("ctl"), "disable", "vips"]

    def advertise(self, prefixes):
        now = time.monotonic_ns()
        self.path("routes").write_text("".join(f"route {prefix}/32 unreachable;\n" for prefix in prefixes), encoding="ascii")
        self.run("birdc", "-s", self.path("ctl"), "configure")
        return now

    def withdraw(self, prefixes):
        return self.advertise([])
