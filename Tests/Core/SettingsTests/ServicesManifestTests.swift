import Testing

@testable import Settings

@Suite struct `Manifests for Services` {
    private static let flags: [String: [String]] = [
        "local-as": ["65001"], "peers": ["10.0.0.1:65000"], "services": ["true"], "services-pools": ["192.0.2.0/26"],
    ]

    private static func parts(_ more: [String: [String]] = [:]) throws -> [String] {
        try Manifest.daemonSetParts(load(flags.merging(more) { $1 }), image: "x", file: nil)
    }

    @Test func `of a DaemonSet have the least of roles`() throws {
        let parts = try Self.parts()
        #expect(parts.count == 8)
        #expect(
            parts[2...6].joined(separator: "---\n") == """
                apiVersion: v1
                kind: ServiceAccount
                metadata:
                  name: bgpvip
                  namespace: bgpvip
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: bgpvip
                rules:
                - apiGroups: [""]
                  resources: ["services", "nodes"]
                  verbs: ["list", "watch"]
                - apiGroups: ["discovery.k8s.io"]
                  resources: ["endpointslices"]
                  verbs: ["list", "watch"]
                - apiGroups: [""]
                  resources: ["services/status"]
                  verbs: ["patch"]
                - apiGroups: ["events.k8s.io"]
                  resources: ["events"]
                  verbs: ["create"]
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRoleBinding
                metadata:
                  name: bgpvip
                roleRef:
                  apiGroup: rbac.authorization.k8s.io
                  kind: ClusterRole
                  name: bgpvip
                subjects:
                - kind: ServiceAccount
                  name: bgpvip
                  namespace: bgpvip
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata:
                  name: bgpvip
                  namespace: "bgpvip"
                rules:
                - apiGroups: ["coordination.k8s.io"]
                  resources: ["leases"]
                  verbs: ["get", "list", "watch", "create", "delete"]
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata:
                  name: bgpvip
                  namespace: "bgpvip"
                roleRef:
                  apiGroup: rbac.authorization.k8s.io
                  kind: Role
                  name: bgpvip
                subjects:
                - kind: ServiceAccount
                  name: bgpvip
                  namespace: bgpvip

                """)
    }

    @Test func `run on all nodes as the service account, each with its own name`() throws {
        let daemonSet = try #require(try Self.parts().last)
        #expect(
            daemonSet.contains(
                """
                    spec:
                      serviceAccountName: bgpvip
                      automountServiceAccountToken: true
                      tolerations:
                      - operator: Exists
                      nodeSelector:
                        kubernetes.io/os: linux
                      hostNetwork: true

                """))
        #expect(
            daemonSet.contains(
                """
                        - name: BGPVIP_SERVICES_NODE
                          valueFrom:
                            fieldRef:
                              fieldPath: spec.nodeName

                """))
        #expect(!daemonSet.contains("/etc/kubernetes"))
    }

    @Test func `have their Leases where the settings say`() throws {
        let parts = try Self.parts(["services-namespace": ["kube-system"]])
        #expect(parts[5].contains("kind: Role\n") && parts[5].contains("namespace: \"kube-system\"\n"))
        #expect(parts[6].contains("  name: bgpvip\n  namespace: \"kube-system\"\nroleRef"))
        #expect(parts[6].hasSuffix("  name: bgpvip\n  namespace: bgpvip\n"))
    }

    @Test(arguments: [("other", true), ("bgpvip", false), ("kube-system", false)])
    func `say that the namespace of their Leases must exist, unless it surely does`(name: String, isSaid: Bool) throws {
        let loaded = try load(Self.flags.merging(["services-namespace": [name]]) { $1 })
        let notice =
            "the namespace other, for the Leases of Services, must exist before kubectl apply: kubectl create namespace other"
        #expect(Manifest.daemonSetNotices(loaded) == (isSaid ? [notice] : []))
    }

    @Test func `stay on the control plane with an address of it, and say so`() throws {
        let flags = Self.flags.merging(["vip": ["10.9.9.9"]]) { $1 }
        let loaded = try load(flags)
        let daemonSet = try #require(try Manifest.daemonSetParts(loaded, image: "x", file: nil).last)
        #expect(daemonSet.contains("node-role.kubernetes.io/control-plane"))
        #expect(daemonSet.contains("serviceAccountName: bgpvip"))
        #expect(
            Manifest.daemonSetNotices(loaded) == [
                "the pods run on control-plane nodes only, because of the VIPs; Services need a DaemonSet of their own to be advertised by the others, and kubeadm's control-plane nodes by --services-excluded-nodes"
            ])
    }

    @Test func `with a kubeconfig need no roles`() throws {
        let parts = try Self.parts(["services-kubeconfig": ["/etc/bgpvip/kubeconfig"]])
        #expect(parts.count == 3)
        #expect(parts[2].contains("automountServiceAccountToken: false"))
        #expect(parts[2].contains("path: \"/etc/bgpvip\""))
    }

    @Test func `of a static pod mount the kubeconfig of the control plane, because it has no service account`() throws {
        let pod = try Manifest.pod(load(Self.flags), image: "x")
        #expect(pod.contains("mountPath: \"/etc/kubernetes\"\n"))
        #expect(pod.contains("fieldPath: spec.nodeName"))
    }

    @Test func `give no node the name of another`() throws {
        #expect(
            throws: SettingError(
                problem: "the node's name belongs to one node, and the DaemonSet runs on several",
                remedy: "leave it out: each pod gets its own from the cluster")
        ) { try Self.parts(["services-node": ["n1"]]) }
        #expect(
            try !Manifest.pod(load(Self.flags.merging(["services-node": ["n1"]]) { $1 }), image: "x").contains(
                "fieldRef"))
    }
}
