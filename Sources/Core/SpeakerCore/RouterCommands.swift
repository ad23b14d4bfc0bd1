/// What this node cannot see of a VIP, a prefix, and what to type on a router to see it: BIRD's form, then FRR's, which
/// EOS, SONiC and others share.
package func unseenOnRouters(of vip: String) -> String {
    let family = vip.contains(":") ? "ipv6" : "ipv4"
    return "whether the routers use \(vip), and over how many nodes, is decided by their policies, which this node "
        + "cannot see; run there: "
        + "birdc show route all for \(vip), or "
        + "vtysh -c 'show bgp \(family) unicast \(vip)' -c 'show bgp \(family) unicast summary'"
}
