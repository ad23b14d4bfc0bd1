import BGPWire
import IPTypes

/// kube-vip's flags and environment, said in our words.
struct KubeVipTranslation {
    /// Texts for our settings; list grammars stay kube-vip's, which their origin tells the parsers.
    var given: [Setting: [GivenText]] = [:]
    /// The peer of bgp_peeraddress and its companions.
    private(set) var extraPeer: Located<PeerText>?
    /// What mpbgp_nexthop and its companions say about all of kube-vip's peers.
    private(set) var multiprotocol = MultiprotocolText()
    private(set) var errors: [SettingError] = []
    var notices: [String] = []
    /// True if kube-vip's words are there and no check was chosen.
    private(set) var leavesCheckOpen = false
    /// Variables that were given and have nothing to act on.
    var ignored: [String] = []

    var variables: [String: GivenText] = [:]
    /// True if kube-vip's words ask for Services of type LoadBalancer.
    var servesServices = false
    /// False if they ask for nothing but Services.
    var servesControlPlane = true
    let tolerated: Set<String>
    private let ours: Set<Setting>
    let answered: Set<Setting>

    /// Translates all that is kube-vip's among `flags` (by name without dashes) and `environment`.
    /// - Parameters:
    ///   - tolerated: names the operator wants ignored although they would be refused.
    ///   - ours: settings that our own flags and environment give, which stand before kube-vip's words.
    ///   - answered: these and the file's, which stand before kube-vip's defaults.
    init(
        flags: [String: [String]], environment: [String: String], tolerated: Set<String>,
        ours: Set<Setting> = [], answered: Set<Setting> = []
    ) {
        self.tolerated = tolerated
        self.ours = ours
        self.answered = answered
        let isPresent = Self.isPresent(environment)
        collect(flags: flags, environment: isPresent ? environment : [:])
        guard !variables.isEmpty else { return }
        takeServices(flags["services"])
        disposeOfTheRest()
        requireMode(environmentIsPresent: isPresent)
        if isPresent { warnOfMisspellings(environment) }
        translate()
    }

    /// True if this is the environment of a kube-vip pod. Names as general as `address` and `port` prove nothing.
    static func isPresent(_ environment: [String: String]) -> Bool {
        environment.contains { name, value in
            !value.isEmpty && KubeVipVariable.named(name) != nil
                && ["bgp_", "cp_", "svc_", "vip_", "control_plane_"].contains { name.hasPrefix($0) }
        }
    }

    // MARK: What was given

    /// An empty value counts as unset, as in kube-vip.
    private mutating func collect(flags: [String: [String]], environment: [String: String]) {
        for variable in KubeVipVariable.all {
            if let value = environment[variable.name]?.trimmed, !value.isEmpty {
                variables[variable.name] = GivenText(text: value, origin: .kubeVipEnvironment(variable.name))
            }
            guard let flag = variable.flag, let values = flags[flag] else { continue }
            let value = values.map(\.trimmed).filter { !$0.isEmpty }.joined(separator: ",")
            guard !value.isEmpty else { continue }
            if let other = variables[variable.name], other.text != value {
                notices.append("flag --\(flag) is used, \(other.origin) is not")
            }
            variables[variable.name] = GivenText(text: value, origin: .kubeVipFlag(flag))
        }
    }

    func text(_ name: String) -> String? { variables[name]?.text }

    mutating func boolean(_ name: String) -> Bool? {
        guard let given = variables[name] else { return nil }
        do throws(Complaint) {
            return try ValueText.boolean(given.text)
        } catch {
            fail(name, error.problem, error.remedy)
            return nil
        }
    }

    mutating func fail(_ name: String, _ problem: String, _ remedy: String? = nil) {
        let origin = variables[name]?.origin ?? .kubeVipEnvironment(name)
        errors.append(SettingError(origin: origin, problem: problem, remedy: remedy))
    }

    // MARK: What is not honoured

    private mutating func disposeOfTheRest() {
        for variable in KubeVipVariable.all where variables[variable.name] != nil {
            switch variable.meaning {
            case .setting, .combined:
                if !servesServices, Self.ofServices.contains(variable.name) { ignored.append(variable.name) }
            case .ignored: ignored.append(variable.name)
            case .notice(let text):
                guard !variable.isBoolean || boolean(variable.name) == true, !isTolerated(variable) else { break }
                notices.append("\(variables[variable.name]?.origin ?? .default): \(text)")
            case .refusedWhenTrue(let reason):
                if boolean(variable.name) == true { refuse(variable, reason) }
            case .refused(let reason):
                refuse(variable, reason)
            }
        }
    }

    private func isTolerated(_ variable: KubeVipVariable) -> Bool {
        tolerated.contains(variable.name) || tolerated.contains(variable.flag ?? variable.name)
    }

    private mutating func refuse(_ variable: KubeVipVariable, _ reason: String) {
        if isTolerated(variable) {
            notices.append("\(variables[variable.name]?.origin ?? .default) is ignored: \(reason)")
        } else {
            fail(
                variable.name, reason,
                "remove it, or ignore it with --ignore \(variable.name) or BGPVIP_IGNORE=\(variable.name)")
        }
    }

    private mutating func requireMode(environmentIsPresent: Bool) {
        if environmentIsPresent || variables["bgp_enable"] != nil, !tolerated.contains("bgp_enable"),
            variables["bgp_enable"] == nil || boolean("bgp_enable") == false
        {
            fail(
                "bgp_enable", "kube-vip's variables are there, but bgp_enable is not true",
                "bgpvip can only replace kube-vip's BGP mode: set bgp_enable=true, or remove kube-vip's variables")
        }
        if !tolerated.contains("cp_enable"), boolean("cp_enable") == false, !servesServices {
            fail(
                "cp_enable", "cp_enable is false, and svc_enable is not true: that leaves nothing to advertise",
                "set one of them to true")
        }
    }

    private mutating func warnOfMisspellings(_ environment: [String: String]) {
        let known = KubeVipVariable.all.map(\.name)
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            guard KubeVipVariable.named(name) == nil else { continue }
            if KubeVipVariable.isIgnoredFamily(name) {
                ignored.append(name.onOneLine)
            } else if name.hasPrefix("bgp_") || name.hasPrefix("vip_") {
                let suggestion = name.mostSimilar(among: known).map { "; did you mean \($0)?" } ?? ""
                notices.append("\(Origin.kubeVipEnvironment(name)) is not known and has no effect\(suggestion)")
            }
        }
    }

    // MARK: What is honoured

    private mutating func translate() {
        if servesControlPlane { translateAddresses() }
        translateTimers()
        if servesControlPlane { translateChecks() }
        translateServices()
        translatePeers()
        pass("vip_interface", to: .interface)
        pass("vip_interfaceloglobal", to: .globalScope)
        pass("bgp_routerid", to: .routerID)
        pass("bgp_routerinterface", to: .routerInterface)
        pass("prometheus_server", to: Settings.process.metrics.setting)
        pass("health_check_port", to: Settings.process.health.setting) { $0 == "0" ? nil : ":" + $0 }
        pass("bgp_as", to: .localAS)
        if given[.localAS] == nil, variables["bgp_enable"] != nil, !answered.contains(.localAS) {
            given[.localAS] = [GivenText(text: "65000", origin: .kubeVipEnvironment("bgp_as"))]
            notices.append("bgp_as is not given: 65000 is used, as in kube-vip")
        }
        translateLogLevel()
    }

    /// Hands the text of a variable on, unless it becomes nil.
    mutating func pass(_ name: String, to key: Setting, _ change: (String) -> String? = { $0 }) {
        guard let variable = variables[name], let text = change(variable.text) else { return }
        given[key] = [GivenText(text: text, origin: variable.origin)]
    }

    private mutating func translateAddresses() {
        pass("vip_address", to: .vip)
        if let old = text("vip_address"), let new = text("address"), old != new {
            notices.append("environment address is used, environment vip_address (\(old)) is not")
        }
        pass("address", to: .vip)
        for name in ["vip_subnet", "vip_cidr"] {
            guard let given = variables[name] else { continue }
            let masks = ListEntry.separatedByCommas(given.text).map { $0.text.dropping("/") ?? $0.text }
            if !masks.allSatisfy({ $0 == "32" || $0 == "128" }) {
                notices.append("\(given.origin) (\(given.text)) has no effect: addresses are advertised as host routes")
            }
        }
    }

    private mutating func translateTimers() {
        pass("bgp_hold_time", to: .holdTime)
        pass("bgp_keepalive_interval", to: .keepaliveInterval) { $0 == "0" ? nil : $0 }
        if text("bgp_hold_time") == "0" {
            // GoBGP takes 0 for "not set".
            pass("bgp_hold_time", to: .holdTime) { _ in "90" }
            notices.append("bgp_hold_time is 0: 90 s is used, as in kube-vip")
        }
        guard let keepalive = text("bgp_keepalive_interval").flatMap({ UInt16(decimalDigits: $0) }), keepalive > 0
        else {
            if given[.holdTime] == nil, variables["bgp_enable"] != nil, !answered.contains(.holdTime) {
                notices.append(
                    "bgp_hold_time is not given: 9 s is proposed, and not kube-vip's 30 s, so that a dead node is noticed sooner"
                )
            }
            return
        }
        if given[.holdTime] == nil {
            pass("bgp_keepalive_interval", to: .holdTime) { _ in "30" }
        }
        let holdText = given[.holdTime]?.first?.text ?? ""
        if let hold = UInt16(decimalDigits: holdText), hold >= 3, keepalive > hold / 3 {
            given[.keepaliveInterval] = nil
            notices.append(
                "bgp_keepalive_interval (\(keepalive)) is more than a third of the hold time (\(hold)): "
                    + "a third of the hold time is used")
        }
    }

    private mutating func translateChecks() {
        // The port only says where the API server is: whoever describes a check means that one.
        if !answered.contains(.check) { pass("port", to: .check) { "https://127.0.0.1:\($0)/readyz" } }
        if let port = variables["port"], (UInt16(decimalDigits: port.text) ?? 0) == 0 {
            given[.check] = nil
            fail("port", "\(ValueText.quoted(port.text)) is not a whole number from 1 to 65535")
        }
        let address = variables["control_plane_health_check_address"]
        leavesCheckOpen = variables["bgp_enable"] != nil && address == nil && !answered.contains(.check)
        pass("control_plane_health_check_period_seconds", to: .checkInterval)
        pass("control_plane_health_check_timeout_seconds", to: .checkTimeout)
        pass("control_plane_health_check_failure_threshold", to: .checkFall)
        pass("control_plane_health_check_ca_path", to: .checkCAFile)
        // The pods that kube-vip generates have the name "kubernetes" in hostAliases, and every API server has it in its
        // certificate: unlike 127.0.0.1, which kubeadm's certificates lack.
        var name: GivenText?
        if let address, let (url, host) = Self.local(address.text) {
            given[.check] = [GivenText(text: url, origin: address.origin)]
            name = GivenText(text: host, origin: address.origin)
        } else if let address {
            given[.check] = [address]
        } else if leavesCheckOpen, let path = given[.checkCAFile]?.first {
            name = GivenText(text: "kubernetes", origin: path.origin)
        }
        if let name, !ours.contains(.check), !answered.contains(.checkHost) { given[.checkHost] = [name] }
    }

    /// A URL of the name "kubernetes" as one of 127.0.0.1, and the name; nil if it is of something else.
    private static func local(_ text: String) -> (url: String, name: String)? {
        for scheme in ["https://", "http://"] {
            guard let rest = text.dropping(scheme) else { continue }
            let name = rest.prefix { !":/?".contains($0) }
            guard name.lowercased() == "kubernetes" else { return nil }
            return (scheme + "127.0.0.1" + rest.dropFirst(name.count), String(name))
        }
        return nil
    }

    private mutating func translatePeers() {
        pass("bgp_peers", to: .peers)
        pass("bgp_source_ip", to: .sourceAddress)
        pass("bgp_sourceip", to: .sourceAddress)
        pass("bgp_source_if", to: .sourceInterface)
        pass("bgp_sourceif", to: .sourceInterface)
        if let address = given[.sourceAddress]?.first, let interface = given[.sourceInterface]?.first {
            errors.append(
                SettingError(
                    origin: address.origin, problem: "cannot be combined with \(interface.origin)",
                    remedy: "remove one of them"))
        }
        for name in ["mpbgp_nexthop", "mpbgp_ipv4", "mpbgp_ipv6"] {
            guard let value = text(name) else { continue }
            do throws(Complaint) {
                try multiprotocol.set(name, value)
            } catch {
                fail(name, error.problem, error.remedy)
            }
        }
        guard let address = variables["bgp_peeraddress"] else { return }
        if let password = variables["bgp_peerpass"], password.origin.isPublic {
            notices.append(PeerText.passwordInSight(password.origin))
        }
        do throws(Complaint) {
            extraPeer = Located(value: try peer(address.text), origin: address.origin)
        } catch {
            fail("bgp_peeraddress", error.problem, error.remedy)
        }
    }

    /// The single peer; the password stands alone in its variable and may contain anything.
    private func peer(_ text: String) throws(Complaint) -> PeerText {
        let isBareIPv6 = ScopedAddress(text) != nil
        let (host, port) = isBareIPv6 ? (text, nil) : try ValueText.hostAndPort(text)
        let multihop = self.text("bgp_multihop").map { ListEntry(text: $0, offset: 0) }
        if let password = self.text("bgp_peerpass"), password.utf8.count > 80 {
            throw Complaint("the password in bgp_peerpass is longer than the 80 bytes of a TCP MD5 key")
        }
        let number: UInt16 = if let port { try ValueText.port(port) } else { 179 }
        return PeerText(
            address: try PeerText.address(host, isQuotable: true),
            peerAS: try PeerText.peerAS(ListEntry(text: self.text("bgp_peeras") ?? "65000", offset: 0)),
            password: self.text("bgp_peerpass"),
            multihop: try PeerText.multihop(multihop, isKubeVip: true),
            port: number)
    }

    /// kube-vip logged with logrus (0 panic … 4 info, 5 debug) up to v0.8.9, and with slog (-4 debug, 0 info, 4 warn,
    /// 8 error) since. Where the two disagree, the more talkative reading is taken.
    private mutating func translateLogLevel() {
        guard let level = text("vip_loglevel") else { return }
        guard let number = Int(level) else {
            fail("vip_loglevel", "\(ValueText.quoted(level)) is not a whole number")
            return
        }
        let name =
            switch number {
            case ..<0, 5...7: "debug"
            case 8...: "error"
            default: "info"
            }
        pass("vip_loglevel", to: Settings.process.logLevel.setting) { _ in name }
        if number >= 8 {
            notices.append(
                "vip_loglevel \(number) logs errors only, so that sessions and withdrawals do not appear in the log")
        } else if (1...7).contains(number) {
            notices.append(
                "vip_loglevel \(number) means different things in different versions of kube-vip: \(name) is used")
        }
    }
}
