import Glibc
import IPTypes
import Testing

@testable import Netlink

/// What an operator reads.
@Suite struct NetlinkErrorTests {
    static let texts: [(NetlinkError, String)] = [
        (
            .refused(operation: "adding 192.0.2.9/32 to lo", code: EPERM, kernelText: nil),
            "adding 192.0.2.9/32 to lo: Operation not permitted; the process needs CAP_NET_ADMIN (pod: "
                + "securityContext.capabilities.add [NET_ADMIN]; systemd: AmbientCapabilities=CAP_NET_ADMIN)"
        ),
        (
            .refused(
                operation: "adding 2001:db8::9/128 to lo", code: EACCES,
                kernelText: "ipv6: IPv6 is disabled on this device"),
            "adding 2001:db8::9/128 to lo: Permission denied (kernel: ipv6: IPv6 is disabled on this device); "
                + "is IPv6 disabled there? See sysctl net.ipv6.conf.*.disable_ipv6"
        ),
        (
            .refused(operation: "adding 192.0.2.9/32 to lo", code: EINVAL, kernelText: nil),
            "adding 192.0.2.9/32 to lo: Invalid argument"
        ),
        (
            .systemCall(operation: "opening a netlink socket", code: EMFILE),
            "opening a netlink socket: Too many open files; the limit of open files is reached "
                + "(ulimit -n, LimitNOFILE=)"
        ),
        (.noAnswer(operation: "listing the routes"), "listing the routes: the kernel did not answer in time"),
        (
            .malformedAnswer(operation: "listing the routes"),
            "listing the routes: the kernel's answer cannot be understood"
        ),
        (
            .unsettled(operation: "listing the routes"),
            "listing the routes: the kernel's table changed during every attempt to read it; try again"
        ),
        (
            .noSuchInterface(name: "eth9", existing: ["lo", "eth0"]),
            "there is no interface eth9; there are lo, eth0"
        ),
        (.noSuchInterface(name: "eth9", existing: []), "there is no interface eth9"),
        // Whoever may make interfaces may name them like that.
        (
            .noSuchInterface(name: "eth9", existing: ["lo", "a\u{1B}[2Jb"]),
            "there is no interface eth9; there are lo, a [2Jb"
        ),
        (
            .refused(operation: "adding 192.0.2.9/32 to lo", code: EINVAL, kernelText: "one\ntwo"),
            "adding 192.0.2.9/32 to lo: Invalid argument (kernel: one two)"
        ),
        (.notHostPrefix(.of("192.0.2.0/24")), "192.0.2.0/24 is not a single address; a VIP is a /32 or a /128"),
    ]

    @Test(arguments: texts)
    func `an error says what failed, why and what to do`(error: NetlinkError, text: String) {
        #expect("\(error)" == text)
    }

    @Test func `the error number is at hand where there is one`() {
        #expect(NetlinkError.refused(operation: "", code: EPERM, kernelText: nil).code == EPERM)
        #expect(NetlinkError.systemCall(operation: "", code: EMFILE).code == EMFILE)
        #expect(NetlinkError.noAnswer(operation: "").code == nil)
    }
}
