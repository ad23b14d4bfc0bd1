import Testing
import IPTypes
import Glibc
@testable import Netlink
func cpu() -> String { var u = rusage(); getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &u); return "user \(u.ru_utime.tv_sec).\(u.ru_utime.tv_usec/1000) sys \(u.ru_stime.tv_sec).\(u.ru_stime.tv_usec/1000)" }
@Test func bench() async throws {
  try await KernelTests.onLoopback { lo throws in
    let n = 5000
    for vips in [(0..<UInt32(n)).map { IPPrefix(host: .v4(IPv4Address(0x0A00_0000 + $0))) } , (0..<UInt64(n)).map { IPPrefix(host: .v6(IPv6Address(high: 0x2001_0db8_0000_0000, low: 1 + $0))) }] {
    let c = ContinuousClock()
    print("BENCH", cpu())
    print("BENCH", n, "bind", c.measure { for r in lo.bind(contentsOf: vips) { if r != .success(.added) { print(r) } } }, cpu())
    print("BENCH unbind", c.measure { for r in lo.unbind(contentsOf: vips) { if r != .success(true) { print(r) } } }, cpu())
    }
  }
}
