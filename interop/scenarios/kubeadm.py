"""The environment of the kubeadm document "Options for Highly Available Topology" for kube-vip, BGP mode."""

from lab.bird import Bird
from lab.client import Requests, spread
from lab.node import VIP
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect_equal
from scenarios.rack import PREFIX, TO_THE_NODES, await_next_hops

# In the document's order, with only the addresses changed; the lab's nodes have an interface ens192.
ENVIRONMENT = {
    "vip_arp": "false",
    "port": "6443",
    "vip_interface": "ens192",
    "vip_cidr": "32",
    "cp_enable": "true",
    "cp_namespace": "kube-system",
    "vip_ddns": "false",
    "bgp_enable": "true",
    "bgp_routerid": "10.0.1.2",
    "bgp_as": "65000",
    "bgp_peeraddress": "",
    "bgp_peerpass": "",
    "bgp_peeras": "65000",
    "bgp_peers": "10.0.1.1:65000::false,10.2.0.2:65000::false",
    "vip_address": VIP,
}


def kubeadm_env(lab):
    """A kube-vip pod of the kubeadm document with only the image changed: both peers get the VIP."""
    node = lab.nodes[0]
    spine = Bird(lab.spine, "10.2.0.2")
    spine.start(TO_THE_NODES, bird_neighbors([node], local="10.2.0.2", peer_as=65000, multihop=2))
    lab.bird.start(bird_neighbors([node], peer_as=65000))
    node.service.start()
    node.speaker.start(ENVIRONMENT, ["manager"])
    await_next_hops(lab, [node])
    spine.await_established(node.name)
    eventually("the spine has the VIP", lambda: lab.spine.next_hops(PREFIX) == ["10.2.0.1"])
    eventually("the VIP is on ens192", lambda: node.has_vip(device="ens192"))
    expect_equal(spread(Requests(lab.client, VIP, 10).results()), {node.name: 10}, "who answered the client")
