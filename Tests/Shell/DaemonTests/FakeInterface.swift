import IPTypes
import NIOCore

@testable import Daemon
@testable import Netlink

/// An interface of tests: it has what is put on it, and writes down what it is asked.
final class FakeInterface: VIPInterface, @unchecked Sendable {
    private let record: Record
    var present: Set<IPPrefix> = []
    var foreign: Set<IPPrefix> = []
    /// Tells of changes.
    private(set) var onChange: (@Sendable (AddressChange) -> Void)?
    /// What the kernel answers to everything; nil if it works.
    var refusal: NetlinkError?

    init(_ record: Record) {
        self.record = record
    }

    func bind(
        contentsOf prefixes: ArraySlice<IPPrefix>, globalScope: Bool, knowing present: inout PresentAddresses?
    ) -> [Result<Binding, NetlinkError>] {
        record.lines.append("bind \(prefixes.count)")
        return prefixes.map { prefix in
            if let refusal { return .failure(refusal) }
            if foreign.contains(prefix) { return .success(.foreign) }
            return .success(self.present.insert(prefix).inserted ? .added : .kept)
        }
    }

    func unbind(
        contentsOf prefixes: ArraySlice<IPPrefix>, knowing present: inout PresentAddresses?
    ) -> [Result<Bool, NetlinkError>] {
        record.lines.append("unbind \(prefixes.count)")
        return prefixes.map { prefix in
            if let refusal { return .failure(refusal) }
            return .success(self.present.remove(prefix) != nil)
        }
    }

    func addresses() throws(NetlinkError) -> [InterfaceAddress] {
        record.lines.append("look")
        if let refusal { throw refusal }
        return present.union(foreign).sorted().map {
            InterfaceAddress(
                address: $0.address, prefixLength: 32, interfaceIndex: 1, scope: .host,
                protocolTag: foreign.contains($0) ? nil : 179)
        }
    }

    func leftovers(among addresses: [InterfaceAddress]) -> [InterfaceAddress] {
        addresses.filter { $0.protocolTag == 179 }
    }

    func watch(on loop: any EventLoop, onChange: @escaping @Sendable (AddressChange) -> Void) throws(NetlinkError) {
        self.onChange = onChange
    }

    func stopWatching() { record.lines.append("watch no more") }
}
