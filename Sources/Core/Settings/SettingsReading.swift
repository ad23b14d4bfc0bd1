import Advertising
import BGPWire
import Health
import IPTypes

/// Settings together with the parts of their text that display and manifests need.
struct ReadSettings {
    var settings: Settings
    var peers: [Located<PeerText>]
    var passwordFiles: [String]
}

extension Reading {
    /// Reads every setting; nil if something needed is missing. All faults are in `errors`.
    mutating func settings(
        extraPeer: Located<PeerText>?, readFile: (String) -> Result<String, FileReadingError>
    ) -> ReadSettings? {
        let localAS = localAS()
        let routerID = value(.routerID, ValueText.identifier)
        let routerInterface = value(.routerInterface, ValueText.interfaceName)
        let interface = value(.interface, ValueText.interfaceName)
        let vips = vips()
        let checks = checks()
        let attributes = attributes()
        let hasGlobalScope = value(.globalScope, ValueText.boolean) ?? false
        let peers = peers(extra: extraPeer)
        let passwordFiles = passwordFiles()
        let peerSettings = peerSettings(peers, passwordFiles: passwordFiles, readFile: readFile)
        let listen = listen(hasPassivePeers: peerSettings.contains(where: \.isPassive))
        let settle = value(.settle) { text throws(Complaint) in
            try ValueText.duration(text, in: .zero ... .seconds(3600))
        }
        let linger = value(.linger) { text throws(Complaint) in
            try ValueText.duration(text, in: .zero ... .seconds(3600))
        }
        let controlSocket = value(.controlSocket, ValueText.socketPath)
        let logLevel = value(.logLevel, Self.logLevel)
        let logFormat = value(.logFormat, Self.logFormat)
        let everywhere = Self.everywhere(vips)
        let metrics = value(.metrics) { text throws(Complaint) in
            try EndpointText.optional(text, everywhere: everywhere)
        }
        let health = value(.health) { text throws(Complaint) in try EndpointText.optional(text, everywhere: everywhere)
        }

        checkAddresses(vips, peers: peers, checks: checks, routerID: routerID)
        if let interface, interface != "lo" {
            notices.append(
                "the virtual addresses are bound to \(interface) and not to lo: on a shared segment every node answers ARP for them"
            )
        }
        guard let localAS, let interface, let settle, let linger, let controlSocket, let logLevel, let logFormat else {
            return nil
        }
        let names = checks.map(\.value.name)
        return ReadSettings(
            settings: Settings(
                localAS: localAS, routerID: routerID, routerInterface: routerInterface, interface: interface,
                vips: vips.map {
                    VIPSettings(
                        prefix: $0.value, checks: names, hasGlobalScope: hasGlobalScope, attributes: attributes)
                },
                checks: checks.map(\.value), peers: peerSettings, listen: listen,
                departure: DepartureSettings(settle: settle, linger: linger), controlSocket: controlSocket,
                logLevel: logLevel, logFormat: logFormat, metrics: metrics ?? nil, health: health ?? nil),
            peers: peers, passwordFiles: passwordFiles.map(\.value.path))
    }

    private mutating func localAS() -> ASNumber? {
        guard has(.localAS) else {
            errors.append(
                SettingError(
                    problem: "our AS number is not set",
                    remedy: "give --local-as or BGPVIP_LOCAL_AS, for example --local-as 65001"))
            return nil
        }
        return value(.localAS) { text throws(Complaint) in
            guard let number = ASNumber(text) else {
                throw Complaint("\(ValueText.quoted(text)) is not an AS number", "write a number from 1 to 4294967294")
            }
            guard !number.isReserved else { throw Complaint("AS \(number) is reserved and cannot be ours") }
            return number
        }
    }

    private mutating func vips() -> [Located<IPPrefix>] {
        let vips = list(.vip) { text, _ throws(Complaint) in try Self.vip(text) }
        if !has(.vip) {
            errors.append(
                SettingError(
                    problem: "no virtual address is set",
                    remedy: "give --vip or BGPVIP_VIP, for example --vip 192.0.2.10"))
        } else if vips.isEmpty, texts(.vip).allSatisfy({ ListEntry.separatedByCommas($0.text).isEmpty }) {
            fail(.vip, "the list is empty", "write for example 192.0.2.10")
        }
        return vips
    }

    private static func vip(_ text: String) throws(Complaint) -> IPPrefix {
        guard let prefix = IPPrefix(parsing: text) else {
            // A length that is too short is told apart from what is no address at all.
            if let slash = text.firstIndex(of: "/"), IPAddress(text[..<slash]) != nil {
                throw Complaint(
                    "\(ValueText.quoted(text)) is not a host route", "leave the length out, or write /32 or /128",
                    offset: text.distance(from: text.startIndex, to: slash))
            }
            throw Complaint(
                "\(ValueText.quoted(text)) is not an IP address", "write an address; names are not resolved")
        }
        guard prefix.isHost else {
            throw Complaint(
                "\(ValueText.quoted(text)) is not a host route", "leave the length out, or write /32 or /128",
                offset: text.prefix { $0 != "/" }.count)
        }
        let address = prefix.address
        guard !address.isUnspecified, !address.isMulticast, !address.isLoopback, !address.isLinkLocal,
            address != .v4(IPv4Address(0xFFFF_FFFF))
        else { throw Complaint("\(address) cannot be routed to, so it cannot be a virtual address") }
        return prefix
    }

    private mutating func attributes() -> RouteAttributes {
        let communities = list(.communities) { text, _ throws(Complaint) in
            try Self.parsed(text, Community(text), "a community", "65000:100 or no-export")
        }
        let large = list(.largeCommunities) { text, _ throws(Complaint) in
            try Self.parsed(text, LargeCommunity(text), "a large community", "65000:1:100")
        }
        let extended = list(.extendedCommunities) { text, _ throws(Complaint) in
            try Self.parsed(text, ExtendedCommunity(text), "an extended community", "rt:65000:100 or 0x and 16 digits")
        }
        return RouteAttributes(
            multiExitDiscriminator: value(.med) { text throws(Complaint) in
                try ValueText.number(text, in: 0...UInt32.max)
            },
            localPreference: value(.localPref) { text throws(Complaint) in
                try ValueText.number(text, in: 0...UInt32.max)
            },
            prepend: value(.prepend) { text throws(Complaint) in try ValueText.number(text, in: 0...32) } ?? 0,
            communities: communities.map(\.value), extendedCommunities: extended.map(\.value),
            largeCommunities: large.map(\.value))
    }

    private static func parsed<Value>(
        _ text: String, _ value: Value?, _ what: String, _ example: String
    ) throws(Complaint) -> Value {
        guard let value else {
            throw Complaint("\(ValueText.quoted(text)) is not \(what)", "write for example \(example)")
        }
        return value
    }

    private static func logLevel(_ text: String) throws(Complaint) -> LogLevel {
        guard let level = LogLevel(rawValue: text == "warn" ? "warning" : text) else {
            throw Complaint("\(ValueText.quoted(text)) is not a log level", "write debug, info, warning or error")
        }
        return level
    }

    private static func logFormat(_ text: String) throws(Complaint) -> LogFormat {
        guard let format = LogFormat(rawValue: text) else {
            throw Complaint("\(ValueText.quoted(text)) is not a log format", "write logfmt or json")
        }
        return format
    }

    /// The wildcard to open a port on: the IPv6 one serves both families, but a host may have no IPv6.
    private static func everywhere(_ vips: [Located<IPPrefix>]) -> IPAddress {
        vips.contains { !$0.value.address.isIPv4 } ? .v6(IPv6Address(high: 0, low: 0)) : .v4(IPv4Address(0))
    }
}
