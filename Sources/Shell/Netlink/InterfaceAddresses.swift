internal import CLinuxShim
internal import Glibc
package import IPTypes
package import NIOCore

/// What `bind` found or did.
package enum Binding: Sendable, Hashable {
    /// The address was not there, or was ours with other properties; now it is there.
    case added
    /// The address was there, ours, exactly as wanted: left by an earlier process, or bound before.
    case kept
    /// Somebody else has put the address there. It stays as it is, counts as bound, and `unbind` leaves it.
    case foreign
}

/// The VIPs on one interface: adds, removes and recognises our addresses by rtnetlink, and watches for changes.
///
/// Every call is one or a few system calls of tens of microseconds on a blocking socket; nothing waits for the network.
/// Use from one place at a time.
package final class InterfaceAddresses {
    /// The name of the interface, `lo` as a rule.
    package let interface: String
    /// Its index now.
    package private(set) var interfaceIndex: UInt32
    private let exchange: NetlinkExchange
    private let mark: OwnershipMark
    private var addressWatch: AddressWatch?

    /// Opens a netlink socket in the network namespace of the calling thread. Throws `.noSuchInterface`, which lists
    /// those that exist, if there is none of this name.
    package convenience init(interface: String) throws(NetlinkError) {
        try self.init(
            interface: interface, exchange: NetlinkExchange(),
            kernelKeepsTags: OwnershipMark.runningKernelKeepsTags())
    }

    init(interface: String, exchange: NetlinkExchange, kernelKeepsTags: Bool) throws(NetlinkError) {
        self.interface = interface
        self.exchange = exchange
        mark = OwnershipMark(interface: interface, kernelKeepsTags: kernelKeepsTags)
        interfaceIndex = try exchange.link(named: interface).index
    }

    deinit {
        addressWatch?.stop()
    }

    /// Puts a VIP on the interface: a single address that no process picks as a source (preferred lifetime 0), valid
    /// until removed, marked as ours. IPv4 gets scope host, or global on request; the kernel decides the scope of IPv6.
    /// Idempotent. Throws `.notHostPrefix` unless `prefix` is a /32 or /128, and what the kernel refuses.
    package func bind(_ prefix: IPPrefix, globalScope: Bool = false) throws(NetlinkError) -> Binding {
        guard prefix.length == prefix.address.bitWidth else { throw .notHostPrefix(prefix) }
        let operation = "adding \(prefix) to \(interface)"
        if try add(prefix, globalScope: globalScope, operation: operation) { return .added }
        guard let present = try find(prefix) else {
            // Removed between the refusal and the look.
            return try add(prefix, globalScope: globalScope, operation: operation) ? .added : .foreign
        }
        guard mark.isOn(present) else { return .foreign }
        if present.isAsBound(globalScope: globalScope) { return .kept }
        // The kernel changes neither scope nor label of an address in place.
        _ = try remove(present)
        return try add(prefix, globalScope: globalScope, operation: operation) ? .added : .foreign
    }

    /// Takes a VIP off the interface. False if it was not there, or is somebody else's.
    package func unbind(_ prefix: IPPrefix) throws(NetlinkError) -> Bool {
        guard let present = try find(prefix), mark.isOn(present) else { return false }
        return try remove(present)
    }

    /// All addresses on the interface, in the kernel's order, IPv4 first.
    package func addresses() throws(NetlinkError) -> [InterfaceAddress] {
        let operation = "listing the addresses of \(interface)"
        return try onCurrentIndex { () throws(NetlinkError) in
            try exchange.addresses(of: interfaceIndex, operation: operation)
        }
    }

    /// Those of them that we, or an earlier process of ours, have added.
    package func leftovers() throws(NetlinkError) -> [InterfaceAddress] {
        try addresses().filter(mark.isOn)
    }

    /// Reports changes of addresses and links, of all interfaces, on `loop` until `stopWatching`. Subscribed when this
    /// returns: a dump made afterwards and the reports that follow leave no gap. The socket belongs to the network
    /// namespace of the calling thread. Replaces an earlier watch.
    package func watch(
        on loop: any EventLoop, onChange: @escaping @Sendable (AddressChange) -> Void
    ) throws(NetlinkError) {
        stopWatching()
        addressWatch = try AddressWatch(on: loop, onChange: onChange)
    }

    /// Ends the reports. One that is already on its way on another thread may still come.
    package func stopWatching() {
        addressWatch?.stop()
        addressWatch = nil
    }

    /// False if the kernel has such an address already.
    private func add(_ prefix: IPPrefix, globalScope: Bool, operation: String) throws(NetlinkError) -> Bool {
        do throws(NetlinkError) {
            try onCurrentIndex { () throws(NetlinkError) in
                try exchange.perform(
                    .addAddress(prefix, to: interfaceIndex, label: mark.label, globalScope: globalScope),
                    operation: operation)
            }
            return true
        } catch {
            guard case .refused(_, EEXIST, _) = error else { throw error }
            return false
        }
    }

    /// False if somebody was faster.
    private func remove(_ address: InterfaceAddress) throws(NetlinkError) -> Bool {
        do throws(NetlinkError) {
            try exchange.perform(
                .deleteAddress(address), operation: "removing \(address.hostPrefix) from \(interface)")
            return true
        } catch {
            guard case .refused(_, EADDRNOTAVAIL, _) = error else { throw error }
            return false
        }
    }

    /// The address that stands in the way of adding `prefix`: IPv4 may have the same address with several lengths,
    /// IPv6 has it once.
    private func find(_ prefix: IPPrefix) throws(NetlinkError) -> InterfaceAddress? {
        try addresses().first {
            $0.address == prefix.address && ($0.prefixLength == prefix.length || !prefix.address.isIPv4)
        }
    }

    /// An interface that was deleted and made again has a new index: looks it up once and tries again.
    private func onCurrentIndex<Value>(_ body: () throws(NetlinkError) -> Value) throws(NetlinkError) -> Value {
        do throws(NetlinkError) {
            return try body()
        } catch {
            guard case .refused(_, ENODEV, _) = error else { throw error }
            interfaceIndex = try exchange.link(named: interface).index
            return try body()
        }
    }
}

extension InterfaceAddress {
    /// True if nothing about this address of ours has to be changed.
    fileprivate func isAsBound(globalScope: Bool) -> Bool {
        isHost && preferredLifetime == 0 && (!address.isIPv4 || scope == (globalScope ? .global : .host))
    }
}

extension NetlinkRequest {
    /// `ip address add PREFIX dev INDEX scope host preferred_lft 0 proto 179`, nodad for IPv6, failing if it exists.
    fileprivate static func addAddress(
        _ prefix: IPPrefix, to interfaceIndex: UInt32, label: String?, globalScope: Bool
    ) -> NetlinkRequest {
        var header = ifaddrmsg()
        header.ifa_family = AddressFamily(prefix.address).number
        header.ifa_prefixlen = UInt8(truncatingIfNeeded: prefix.length)
        header.ifa_scope = (globalScope ? AddressScope.global : .host).rawValue
        header.ifa_index = interfaceIndex
        // Several nodes have the same VIP on purpose, and detection would delay it by a second.
        header.ifa_flags = prefix.address.isIPv4 ? 0 : UInt8(IFA_F_NODAD)
        var request = NetlinkRequest(.newAddress, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header: header)
        request.append(IFA_LOCAL, bytes: prefix.address.bytes)
        request.append(IFA_ADDRESS, bytes: prefix.address.bytes)
        if prefix.address.isIPv4, let label {
            request.append(IFA_LABEL, bytes: Array(label.utf8) + [0])
        }
        request.append(IFA_CACHEINFO, ifa_cacheinfo(ifa_prefered: 0, ifa_valid: .max, cstamp: 0, tstamp: 0))
        request.append(IFA_PROTO, OwnershipMark.protocolTag)
        return request
    }

    /// `ip address delete ADDRESS/LENGTH dev INDEX`
    fileprivate static func deleteAddress(_ address: InterfaceAddress) -> NetlinkRequest {
        var header = ifaddrmsg()
        header.ifa_family = AddressFamily(address.address).number
        header.ifa_prefixlen = UInt8(truncatingIfNeeded: address.prefixLength)
        header.ifa_index = address.interfaceIndex
        var request = NetlinkRequest(.deleteAddress, flags: NLM_F_ACK, header: header)
        request.append(IFA_LOCAL, bytes: address.address.bytes)
        request.append(IFA_ADDRESS, bytes: address.address.bytes)
        return request
    }
}
