extension Manifest {
    /// A service account, and the least it needs for Services: nothing of pods, nothing of secrets.
    static func access(_ services: ServicesSettings) -> [String] {
        let leases = services.namespace ?? "bgpvip"
        return [
            account,
            role(
                "ClusterRole",
                [
                    Rule("", ["services", "nodes"], ["list", "watch"]),
                    Rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
                    Rule("", ["services/status"], ["patch"]),
                    Rule("events.k8s.io", ["events"], ["create"]),
                ]),
            binding("ClusterRole"),
            // A Lease claims an address: it is created and deleted, and never changed.
            role(
                "Role", in: leases,
                [Rule("coordination.k8s.io", ["leases"], ["get", "list", "watch", "create", "delete"])]),
            binding("Role", in: leases),
        ]
    }

    /// What may be done with resources of one API group.
    private struct Rule {
        var group: String
        var resources: [String]
        var verbs: [String]

        init(_ group: String, _ resources: [String], _ verbs: [String]) {
            self.group = group
            self.resources = resources
            self.verbs = verbs
        }
    }

    private static let rbac = "rbac.authorization.k8s.io"

    private static var account: String {
        var yaml = Lines()
        yaml.add(0, "apiVersion: v1", "kind: ServiceAccount", "metadata:")
        yaml.add(1, "name: bgpvip", "namespace: bgpvip")
        return yaml.text
    }

    private static func role(_ kind: String, in namespace: String? = nil, _ rules: [Rule]) -> String {
        var yaml = Lines()
        begin(kind, in: namespace, &yaml)
        yaml.add(0, "rules:")
        for rule in rules {
            yaml.add(0, "- apiGroups: \(list([rule.group]))")
            yaml.add(1, "resources: \(list(rule.resources))", "verbs: \(list(rule.verbs))")
        }
        return yaml.text
    }

    private static func binding(_ kind: String, in namespace: String? = nil) -> String {
        var yaml = Lines()
        begin("\(kind)Binding", in: namespace, &yaml)
        yaml.add(0, "roleRef:")
        yaml.add(1, "apiGroup: \(rbac)", "kind: \(kind)", "name: bgpvip")
        yaml.add(0, "subjects:", "- kind: ServiceAccount")
        yaml.add(1, "name: bgpvip", "namespace: bgpvip")
        return yaml.text
    }

    private static func begin(_ kind: String, in namespace: String?, _ yaml: inout Lines) {
        yaml.add(0, "apiVersion: \(rbac)/v1", "kind: \(kind)", "metadata:")
        yaml.add(1, "name: bgpvip")
        if let namespace { yaml.add(1, "namespace: \(quoted(namespace))") }
    }

    private static func list(_ texts: [String]) -> String { "[\(texts.map(quoted).joined(separator: ", "))]" }
}
