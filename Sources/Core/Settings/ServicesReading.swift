import Advertising
import Health
package import IPTypes
package import Services

/// What is set about Services of type LoadBalancer.
package struct ServicesSettings: Sendable, Hashable {
    /// What decides about them.
    package var configuration: ServicesConfiguration
    /// The file that leads to the Kubernetes API; nil uses it as a pod does, or as a machine of the control plane.
    package var kubeconfig: String?
    /// The name of this node in the Kubernetes API; nil takes the host name.
    package var nodeName: String?
    /// Where Leases are; nil takes the namespace of the pod, else that of the cluster's own parts.
    package var namespace: String?
    /// False leaves the node's routing rules alone.
    package var preventsLoops = true

    /// Where kubeadm puts a kubeconfig on each node of the control plane; static pods have no service account.
    package static let controlPlaneKubeconfig = "/etc/kubernetes/admin.conf"

    package init(
        configuration: ServicesConfiguration = ServicesConfiguration(), kubeconfig: String? = nil,
        nodeName: String? = nil, namespace: String? = nil
    ) {
        self.configuration = configuration
        self.kubeconfig = kubeconfig
        self.nodeName = nodeName
        self.namespace = namespace
    }
}

extension Settings {
    /// The prefixes of which Services may have addresses, without duplicates, in order.
    package var servicePools: [IPPrefix] {
        Set((services?.configuration.pools ?? []).flatMap(\.ranges).flatMap(\.prefixes)).sorted()
    }
}

extension Setting {
    /// What stands under `services` in a file, if it is a mapping.
    static let servicesParts: [String: Setting] = [
        "pools": .servicesPools, "class": .servicesClass, "unclassed": .servicesUnclassed,
        "kubeconfig": .servicesKubeconfig, "node": .servicesNode, "namespace": .servicesNamespace,
        "kubeProxy": .servicesKubeProxy, "excludedNodes": .servicesExcludedNodes,
        "needsEndpoint": .servicesNeedsEndpoint, "preventLoops": .servicesPreventLoops,
    ]
}

extension Reading {
    /// True if Services are to be served, whatever else is wrong.
    var servesServices: Bool {
        guard let text = given[.services]?.first else { return false }
        return (try? ValueText.boolean(text.text.trimmed)) == true
    }

    /// What is set about Services; nil if they are not served. `vips` are never given to one.
    mutating func services(besides vips: [IPPrefix]) -> ServicesSettings? {
        guard value(.services, ValueText.boolean) == true else {
            for key in Setting.servicesParts.values.sorted(by: { $0.name < $1.name }) where has(key) {
                fail(key, "has no effect, since Services are not served", "add \(example(.services, "true"))")
            }
            return nil
        }
        var settings = ServicesSettings(
            kubeconfig: value(.servicesKubeconfig, ValueText.path),
            nodeName: value(.servicesNode, ValueText.objectName),
            namespace: value(.servicesNamespace, ValueText.objectName))
        for entry in list(.servicesPools, { text, _ throws(Complaint) in try PoolText(text) }).map(\.value) {
            switch entry {
            case .any: settings.configuration.grantsAnyAddress = true
            case .range(let range, pool: let name): settings.configuration.add(range, to: name)
            }
        }
        settings.preventsLoops = value(.servicesPreventLoops, ValueText.boolean) ?? true
        settings.configuration.reserved = vips
        settings.configuration.attributes = attributes()
        settings.configuration.classes = Set(
            list(.servicesClass) { text, _ throws(Complaint) in try ValueText.className(text) }.map(\.value))
        settings.configuration.usesExcludedNodes = value(.servicesExcludedNodes, ValueText.boolean) ?? false
        settings.configuration.clusterPolicyNeedsEndpoint = value(.servicesNeedsEndpoint, ValueText.boolean) ?? false
        settings.configuration.takesUnclassed = value(.servicesUnclassed, ValueText.boolean) ?? false
        settings.configuration.kubeProxy =
            value(.servicesKubeProxy) { text throws(Complaint) -> HTTPCheck? in
                if text == "none" { return nil }
                guard case .http(secure: false, let target, let path, let host) = try CheckText(text) else {
                    throw Complaint(
                        "\(ValueText.quoted(text)) is not where kube-proxy answers", "write http://… or none")
                }
                return HTTPCheck(target: target, path: path, host: host)
            } ?? nil
        return settings
    }
}

extension ServicesConfiguration {
    fileprivate mutating func add(_ range: AddressRange, to name: String) {
        if let index = pools.firstIndex(where: { $0.name == name }) {
            pools[index].ranges.append(range)
        } else {
            pools.append(AddressPool(name: name, ranges: [range]))
        }
    }
}

/// One entry of the pools: `192.0.2.64/26`, `front=192.0.2.10-192.0.2.19` or `any`.
private enum PoolText {
    /// Every address that a Service asks for.
    case any
    case range(AddressRange, pool: String)

    init(_ text: String) throws(Complaint) {
        guard text != "any" else {
            self = .any
            return
        }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self =
            parts.count == 2
            ? .range(try ValueText.addressRange(parts[1].trimmed), pool: try ValueText.objectName(parts[0].trimmed))
            : .range(try ValueText.addressRange(text), pool: "default")
    }
}

extension ValueText {
    /// A value of `loadBalancerClass`: printable and without blanks.
    static func className(_ text: String) throws(Complaint) -> String {
        guard text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 32 && $0.value < 127 }) else {
            throw Complaint("\(quoted(text)) is no loadBalancerClass", "write a name such as bgpvip/vip")
        }
        return text
    }

    /// A name as Kubernetes has them: letters, digits, `-` and `.`.
    static func objectName(_ text: String) throws(Complaint) -> String {
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, (1...253).contains(text.utf8.count) else {
            throw Complaint("\(quoted(text)) is not a name in Kubernetes", "write small letters, digits, - and .")
        }
        return text
    }

    /// `192.0.2.64/26`, `192.0.2.10`, `192.0.2.10-192.0.2.19`.
    static func addressRange(_ text: String) throws(Complaint) -> AddressRange {
        guard let range = AddressRange(text) else {
            throw Complaint(
                "\(quoted(text)) is not a range of addresses", "write a prefix, or FIRST-LAST of one family")
        }
        let first = range.first
        guard !first.isUnspecified, !first.isMulticast, !first.isLoopback, !first.isLinkLocal else {
            throw Complaint("\(quoted(text)) cannot be routed to")
        }
        return range
    }
}
