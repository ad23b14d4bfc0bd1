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
    /// Another program has put the address there. It stays as it is, counts as bound, and `unbind` leaves it.
    case foreign
}

/// The VIPs on one interface: adds, removes and recognises our addresses by rtnetlink, and watches for changes.
///
/// Every call is one or a few system calls of tens of microseconds on a blocking socket; nothing waits for the network.
/// Use from one place at a time.
package final class InterfaceAddresses {
    /// The name of the interface, `lo` as a rule.
    package let interface: String
    /// Its index when it was last looked up; nil if there was none: it may come later, or be made anew.
    package private(set) var interfaceIndex: UInt32?
    private let exchange: NetlinkExchange
    private let mark: OwnershipMark
    private var addressWatch: AddressWatch?

    /// Opens a netlink socket in the network namespace of the calling thread. While there is no interface of this name,
    /// all other calls throw `.noSuchInterface`, which lists those that exist.
    package convenience init(interface: String) throws(NetlinkError) {
        try self.init(
            interface: interface, exchange: NetlinkExchange(),
            kernelKeepsTags: OwnershipMark.runningKernelKeepsTags())
    }

    init(interface: String, exchange: NetlinkExchange, kernelKeepsTags: Bool) throws(NetlinkError) {
        self.interface = interface
        self.exchange = exchange
        mark = OwnershipMark(interface: interface, kernelKeepsTags: kernelKeepsTags)
        do throws(NetlinkError) {
            interfaceIndex = try exchange.link(named: interface).index
        } catch {
            guard case .noSuchInterface = error else { throw error }
        }
    }

    deinit {
        addressWatch?.stop()
    }

    /// Puts a VIP on the interface: a single address that no process picks as a source (preferred lifetime 0), valid
    /// until removed, marked as ours. IPv4 gets scope host, or global on request; the kernel decides the scope of IPv6.
    /// Idempotent. Throws `.notHostPrefix` unless `prefix` is a /32 or /128, and what the kernel refuses.
    package func bind(_ prefix: IPPrefix, globalScope: Bool = false) throws(NetlinkError) -> Binding {
        var present: PresentAddresses?
        return try bind(prefix, globalScope: globalScope, reading: &present)
    }

    /// The same for many VIPs, each with its own result, in their order. Reads the kernel's table at most once, and not
    /// at all if `present` says already what is there; what was read is left there for the next ones.
    package func bind(
        contentsOf prefixes: some Collection<IPPrefix>, globalScope: Bool = false,
        knowing present: inout PresentAddresses?
    ) -> [Result<Binding, NetlinkError>] {
        prefixes.map { prefix in
            Result { () throws(NetlinkError) in
                try bind(prefix, globalScope: globalScope, reading: &present)
            }
        }
    }

    /// Takes a VIP off the interface. False if it was not there, or is another program's.
    package func unbind(_ prefix: IPPrefix) throws(NetlinkError) -> Bool {
        var present: PresentAddresses?
        return try unbind(prefix, reading: &present)
    }

    /// The same for many VIPs, each with its own result, in their order; `present` as in `bind`.
    package func unbind(
        contentsOf prefixes: some Collection<IPPrefix>, knowing present: inout PresentAddresses?
    ) -> [Result<Bool, NetlinkError>] {
        prefixes.map { prefix in
            Result { () throws(NetlinkError) in try unbind(prefix, reading: &present) }
        }
    }

    /// All addresses on the interface, in the kernel's order, IPv4 first.
    package func addresses() throws(NetlinkError) -> [InterfaceAddress] {
        let operation = "listing the addresses of \(interface)"
        return try onCurrentIndex { index throws(NetlinkError) in
            try exchange.addresses(of: index, operation: operation)
        }
    }

    /// Those of them that we, or an earlier process of ours, have added.
    package func leftovers() throws(NetlinkError) -> [InterfaceAddress] {
        leftovers(among: try addresses())
    }

    /// Those of these addresses that we, or an earlier process of ours, have added.
    package func leftovers(among addresses: [InterfaceAddress]) -> [InterfaceAddress] {
        addresses.filter(mark.isOn)
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

    private func bind(
        _ prefix: IPPrefix, globalScope: Bool, reading present: inout PresentAddresses?
    ) throws(NetlinkError) -> Binding {
        guard prefix.length == prefix.address.bitWidth else { throw .notHostPrefix(prefix) }
        let operation = "adding \(prefix) to \(interface)"
        if try add(prefix, globalScope: globalScope, operation: operation) { return .added }
        if let obstacle = try find(prefix, in: &present) {
            guard mark.isOn(obstacle) else { return .foreign }
            if obstacle.isAsBound(globalScope: globalScope) { return .kept }
            // The kernel changes neither scope nor label of an address in place.
            _ = try remove(obstacle)
        }
        // Ours was removed, or another program's vanished while we looked.
        return try add(prefix, globalScope: globalScope, operation: operation) ? .added : .foreign
    }

    private func unbind(
        _ prefix: IPPrefix, reading present: inout PresentAddresses?
    ) throws(NetlinkError) -> Bool {
        guard let address = try find(prefix, in: &present), mark.isOn(address) else { return false }
        return try remove(address)
    }

    /// The address that stands in the way of adding `prefix`; reads the kernel's table if that was not done yet.
    private func find(
        _ prefix: IPPrefix, in present: inout PresentAddresses?
    ) throws(NetlinkError) -> InterfaceAddress? {
        if let present { return present.obstacle(to: prefix) }
        let read = PresentAddresses(try addresses())
        present = read
        return read.obstacle(to: prefix)
    }

    /// False if the kernel has such an address already.
    private func add(_ prefix: IPPrefix, globalScope: Bool, operation: String) throws(NetlinkError) -> Bool {
        do throws(NetlinkError) {
            try onCurrentIndex { index throws(NetlinkError) in
                try exchange.perform(
                    .addAddress(prefix, to: index, label: mark.label, globalScope: globalScope),
                    operation: operation)
            }
            return true
        } catch {
            guard case .refused(_, EEXIST, _) = error else { throw error }
            return false
        }
    }

    /// False if another program was faster.
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

    /// An interface that was deleted and made again has a new index: looks it up once and tries again.
    private func onCurrentIndex<Value>(_ body: (UInt32) throws(NetlinkError) -> Value) throws(NetlinkError) -> Value {
        if let interfaceIndex {
            do throws(NetlinkError) {
                return try body(interfaceIndex)
            } catch {
                guard case .refused(_, ENODEV, _) = error else { throw error }
            }
        }
        interfaceIndex = nil
        let index = try exchange.link(named: interface).index
        interfaceIndex = index
        return try body(index)
    }
}

/// The addresses of the interface at one moment.
package struct PresentAddresses: Sendable {
    private let byAddress: [IPAddress: [InterfaceAddress]]

    init(_ addresses: [InterfaceAddress]) {
        byAddress = Dictionary(grouping: addresses, by: \.address)
    }

    /// IPv4 may have the same address with several lengths, IPv6 has it once.
    func obstacle(to prefix: IPPrefix) -> InterfaceAddress? {
        byAddress[prefix.address]?.first { $0.isHost || !prefix.address.isIPv4 }
    }
}

extension InterfaceAddress {
    /// True if nothing about this address of ours has to be changed.
    fileprivate func isAsBound(globalScope: Bool) -> Bool {
        isHost && preferredLifetime == 0 && (!address.isIPv4 || scope == (globalScope ? .global : .host))
    }
}

extension NetlinkRequest {
    /// `ip address add PREFIX dev INDEX scope host preferred_lft 0 proto 179`, nodad and noprefixroute for IPv6,
    /// failing if it exists.
    fileprivate static func addAddress(
        _ prefix: IPPrefix, to interfaceIndex: UInt32, label: String?, globalScope: Bool
    ) -> NetlinkRequest {
        var header = ifaddrmsg()
        header.ifa_family = AddressFamily(prefix.address).number
        header.ifa_prefixlen = UInt8(truncatingIfNeeded: prefix.length)
        header.ifa_scope = (globalScope ? AddressScope.global : .host).rawValue
        header.ifa_index = interfaceIndex
        var request = NetlinkRequest(.newAddress, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header: header)
        request.append(IFA_LOCAL, bytes: prefix.address.bytes)
        request.append(IFA_ADDRESS, bytes: prefix.address.bytes)
        if prefix.address.isIPv4, let label {
            request.append(IFA_LABEL, bytes: Array(label.utf8) + [0])
        }
        request.append(IFA_CACHEINFO, ifa_cacheinfo(ifa_prefered: 0, ifa_valid: .max, cstamp: 0, tstamp: 0))
        request.append(IFA_PROTO, OwnershipMark.protocolTag)
        if !prefix.address.isIPv4 {
            // Several nodes have the same VIP on purpose, and detection would delay it by a second. The local table
            // delivers it; a route to it in the main table would be useless and make removal slow.
            request.append(IFA_FLAGS, UInt32(IFA_F_NODAD | IFA_F_NOPREFIXROUTE))
        }
        return request
    }

    /// `ip address delete ADDRESS/LENGTH dev INDEX`; the kernel also compares the label, if there is one.
    fileprivate static func deleteAddress(_ address: InterfaceAddress) -> NetlinkRequest {
        var header = ifaddrmsg()
        header.ifa_family = AddressFamily(address.address).number
        header.ifa_prefixlen = UInt8(truncatingIfNeeded: address.prefixLength)
        header.ifa_index = address.interfaceIndex
        var request = NetlinkRequest(.deleteAddress, flags: NLM_F_ACK, header: header)
        request.append(IFA_LOCAL, bytes: address.address.bytes)
        request.append(IFA_ADDRESS, bytes: address.address.bytes)
        if let label = address.label {
            request.append(IFA_LABEL, bytes: Array(label.utf8) + [0])
        }
        return request
    }
}
