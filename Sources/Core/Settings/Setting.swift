/// The description of one setting: the row of the table that flags, environment names, help and reference come from.
package struct Setting: Sendable, Hashable {
    /// What a setting's text looks like, as far as the command line must know it.
    package enum Form: Sendable, Hashable {
        case text
        /// `true` or `false`.
        case boolean
        /// Comma separated; the flag may also be repeated.
        case list
    }

    /// The heading a setting stands under in the help.
    package enum Section: String, Sendable, Hashable, CaseIterable {
        case vips = "Virtual IP addresses"
        case peers = "Peers and sessions"
        case routes = "Route attributes"
        case checks = "Checks"
        case services = "Services of type LoadBalancer"
        case process = "Process"
    }

    package var key: SettingKey
    package var section: Section
    package var form: Form
    /// What stands for the value in the help.
    package var placeholder: String
    /// The text that means the same as leaving the setting out; nil if nothing does.
    package var defaultText: String?
    /// What the setting does, as one or two sentences without a final full stop.
    package var help: String
    /// True if the text may contain a password.
    package var isSecret: Bool

    init(
        _ key: SettingKey, _ section: Section, as form: Form = .text, _ placeholder: String,
        default text: String? = nil,
        isSecret: Bool = false, _ help: String
    ) {
        self.key = key
        self.section = section
        self.form = form
        self.placeholder = placeholder
        self.defaultText = text
        self.help = help
        self.isSecret = isSecret
    }

    /// A text of this setting as it may be shown.
    package func shown(_ text: String) -> String { isSecret ? "***" : text }

    /// True if the bare flag means `true`: wherever `true` is one of the values.
    package var isTrueWhenBare: Bool { placeholder.split(separator: "|").contains("true") }

    /// True if a text means `true` or `false`.
    package static func isBoolean(_ text: String) -> Bool { (try? ValueText.boolean(text)) != nil }

    /// Flag names without the leading dashes; the first is the one we print.
    package var flags: [String] { [key.rawValue] + key.synonyms }

    /// The key in a configuration file; nil for what a file cannot say.
    package var fileKey: String? {
        switch key {
        case .config: return nil
        // What can be more than a text has the plural.
        case .vip: return "vips"
        case .check: return "checks"
        default:
            let words = key.rawValue.split(separator: "-")
            return (words.first.map(String.init) ?? "")
                + words.dropFirst().map { word in
                    ["as", "ca", "id"].contains(word)
                        ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
                }.joined()
        }
    }

    /// Environment names; the first is the one we print.
    package var environment: [String] {
        // Done for every setting at each start: splitting and joining takes the runtime longer than all the rest of it.
        flags.map { flag in
            "BGPVIP_" + String(decoding: flag.uppercased().utf8.map { $0 == 0x2D ? 0x5F : $0 }, as: UTF8.self)
        }
    }

    /// kube-vip's environment names that set the same thing.
    package var kubeVipEnvironment: [String] {
        KubeVipVariable.all.filter { $0.meaning == .setting(key) }.map(\.name)
    }

    /// kube-vip's flags that set the same thing, without the leading dashes.
    package var kubeVipFlags: [String] {
        KubeVipVariable.all.filter { $0.meaning == .setting(key) }.compactMap(\.flag)
    }

    /// All settings in the order of the help.
    package static let all: [Setting] = SettingKey.allCases.map(\.setting)
}

/// The name of a setting: its flag without the dashes.
package enum SettingKey: String, Sendable, Hashable, CaseIterable {
    case vip = "vip"
    case interface = "interface"
    case bind = "bind"
    case globalScope = "global-scope"
    case onUnhealthy = "on-unhealthy"
    case drain

    case localAS = "local-as"
    case routerID = "router-id"
    case routerInterface = "router-interface"
    case peers = "peers"
    case peerPasswordFile = "peer-password-file"
    case sourceAddress = "source-address"
    case sourceInterface = "source-interface"
    case holdTime = "hold-time"
    case keepaliveInterval = "keepalive-interval"
    case sendHoldTime = "send-hold-time"
    case connectRetry = "connect-retry"
    case connectRetryMax = "connect-retry-max"
    case ttlSecurity = "ttl-security"
    case passive = "passive"
    case listen = "listen"
    case listenPort = "listen-port"
    case llgr = "llgr"
    case bfd = "bfd"
    case bfdReceiveInterval = "bfd-receive-interval"
    case bfdMultiplier = "bfd-multiplier"
    case bfdStrict = "bfd-strict"

    case communities = "communities"
    case largeCommunities = "large-communities"
    case extendedCommunities = "extended-communities"
    case med = "med"
    case localPref = "local-pref"
    case prepend = "prepend"

    case check = "check"
    case checkInterval = "check-interval"
    case checkTimeout = "check-timeout"
    case checkRise = "check-rise"
    case checkFall = "check-fall"
    case checkFailFast = "check-fail-fast"
    case checkCAFile = "check-ca-file"
    case checkCertFile = "check-cert-file"
    case checkKeyFile = "check-key-file"
    case checkInsecure = "check-insecure"
    case checkHost = "check-host"
    case checkStatus = "check-status"
    case checkBody = "check-body"
    case checkTokenFile = "check-token-file"

    case services = "services"
    case servicesPools = "services-pools"
    case servicesClass = "services-class"
    case servicesUnclassed = "services-unclassed"
    case servicesKubeconfig = "services-kubeconfig"
    case servicesNode = "services-node"
    case servicesNamespace = "services-namespace"
    case servicesKubeProxy = "services-kube-proxy"
    case servicesExcludedNodes = "services-excluded-nodes"
    case servicesNeedsEndpoint = "services-needs-endpoint"
    case servicesPreventLoops = "services-prevent-loops"

    case config = "config"
    case settle = "settle"
    case linger = "linger"
    case drainFile = "drain-file"
    case controlSocket = "control-socket"
    case logLevel = "log-level"
    case logFormat = "log-format"
    case metrics = "metrics"
    case health = "health"
    case readyWhen = "ready-when"
    case onChange = "on-change"
    case ignore = "ignore"

    /// Other flags for the same setting.
    var synonyms: [String] {
        switch self {
        case .vip: ["address"]
        case .peers: ["peer"]
        case .communities: ["community"]
        case .largeCommunities: ["large-community"]
        case .extendedCommunities: ["extended-community"]
        default: []
        }
    }
}
