"""At rest: memory, processes, threads and processor time. Two sessions Established, one VIP, checks every second.

All programs rest at the same time, each on a node of its own. After that, variants: bgpvip with a check over HTTPS, and
the programs that speak BFD with it at 50 ms x 3 and one session. Not together with the others: two processes of one
program share pages, and each would seem to be smaller than it is.
"""

import time

from lab.waiting import Failed
from measures import figures
from measures.campaign import Step
from measures.lab import Lab
from measures.machine import Noise
from measures.programs.program import Task
from measures.router import Router, wait_for_sessions

RUNS, VARIANT_RUNS = 3, 2
BFD = 50
SETTLING = 8


def plan(campaign, wanted):
    """One step for each sample, of all programs or of all variants."""
    if "memory" not in wanted:
        return []
    seconds = 10 if campaign.quick else 60
    plain = [(kind, "") for kind in campaign.programs]
    variants = [(kind, "https") for kind in campaign.programs if kind.name == "bgpvip"]
    variants += [(kind, "bfd") for kind in campaign.programs if kind.speaks_bfd()]
    return [Step(f"{title}, sample {run + 1}", seconds + SETTLING + 7,
                 lambda places=places, run=run: sample(campaign, places, run, seconds))
            for title, places, runs in (("memory", plain, RUNS), ("memory, variants", variants, VARIANT_RUNS)) if places
            for run in range(campaign.runs(runs))]


def sample(campaign, variants, run, seconds):
    """Starts all, lets them rest, and looks before and after."""
    with Lab(len(variants)) as lab:
        places = list(zip(variants, lab.nodes))
        bfd_nodes = [node for (_, variant), node in places if variant == "bfd"]
        two_peers = [node for node in lab.nodes if node not in bfd_nodes]
        for node in two_peers:
            lab.add_router_addresses(node, node.routers(2)[1:])
        routers = [Router(lab, "router", [(node, node.gateway) for node in lab.nodes], bfd=BFD if bfd_nodes else None,
                          without_bfd=two_peers)]
        if two_peers:
            routers.append(Router(lab, "second", [(node, node.routers(2)[1]) for node in two_peers]))
        for router in routers:
            router.wait_until_up()
        programs = []
        for (kind, variant), node in places:
            lab.start_service(node, https=variant == "https")
            lab.set_vip(node, not kind.binds_vip)
            program = kind(lab, node, Task(
                node.routers(1 if variant == "bfd" else 2), bfd=BFD if variant == "bfd" else None, https=variant == "https"))
            program.start()
            programs.append((program, variant))
        expected = sum(len(program.task.peers) for program, _ in programs if not program.shared_segment)
        wait_for_sessions(routers, expected, 30)
        time.sleep(SETTLING)
        noise = Noise()
        before = {program: figures.cpu(program.pids()) for program, _ in programs}
        time.sleep(seconds)
        used = {program: figures.cpu(program.pids()) - before[program] for program, _ in programs}
        for program, variant in programs:
            try:
                if program.has_ended() or not program.shared_segment and not is_well(program, routers):
                    raise Failed(f"not well\n{lab.logs(*program.log_files())}")
            except Failed as error:
                campaign.note(f"{program.name} {variant}: {error}")
                campaign.record("error", program.name, what=f"memory {variant}: not all sessions were up")
                continue
            campaign.record(
                "memory", program.name, noise=noise.cores(), run=run, variant=variant, seconds=seconds, cpu=used[program],
                main=figures.memory([program.pid])["rss"], **figures.memory(program.pids()))


def is_well(program, routers):
    """True if all its sessions are up."""
    return all("Established" in router.ask(f"show protocols {program.node.name}")
               for router, _ in zip(routers, program.task.peers))
