import Testing

@testable import Settings

@Suite struct `The DaemonSet` {
    @Test func `of kube-vip's command line has the settings in its ConfigMap`() throws {
        let loaded = try load([
            "interface": ["lo"], "vip": ["192.168.0.40"], "controlplane": ["true"], "bgp": ["true"],
            "inCluster": ["true"], "taint": ["true"], "localAS": ["65000"], "bgpRouterID": ["192.168.0.2"],
            "bgppeers": ["192.168.0.10:65000::false,192.168.0.11:65000::false"],
        ])
        #expect(
            Manifest.daemonSetNotices(loaded) == [
                "no check is set: while the API server answers, even with 401 or 403, the VIP is advertised (BGPVIP_CHECK_STATUS)",
                "the router ID 192.168.0.2 is left out: each node takes an IPv4 address of its own (--router-interface names the interface)",
            ])
        #expect(
            try Manifest.daemonSet(loaded, image: "localhost/bgpvip:0.1.0", file: nil) == """
                apiVersion: v1
                kind: Namespace
                metadata:
                  name: bgpvip
                  labels:
                    pod-security.kubernetes.io/enforce: privileged
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: bgpvip
                  namespace: bgpvip
                data:
                  bgpvip.yaml: |
                    vips: "192.168.0.40"
                    interface: "lo"
                    localAS: "65000"
                    peers: "192.168.0.10:65000,192.168.0.11:65000"
                    checkStatus: "200,401,403"
                ---
                apiVersion: apps/v1
                kind: DaemonSet
                metadata:
                  name: bgpvip
                  namespace: bgpvip
                  labels:
                    app.kubernetes.io/name: bgpvip
                spec:
                  selector:
                    matchLabels:
                      app.kubernetes.io/name: bgpvip
                  updateStrategy:
                    type: RollingUpdate
                    rollingUpdate:
                      maxUnavailable: 1
                  template:
                    metadata:
                      labels:
                        app.kubernetes.io/name: bgpvip
                      annotations:
                        bgpvip/configuration: "3366b290e60e1438"
                    spec:
                      automountServiceAccountToken: false
                      tolerations:
                      - operator: Exists
                      affinity:
                        nodeAffinity:
                          requiredDuringSchedulingIgnoredDuringExecution:
                            nodeSelectorTerms:
                            - matchExpressions:
                              - key: node-role.kubernetes.io/control-plane
                                operator: Exists
                      hostNetwork: true
                      priorityClassName: system-node-critical
                      terminationGracePeriodSeconds: 30
                      securityContext:
                        seccompProfile:
                          type: RuntimeDefault
                      containers:
                      - name: bgpvip
                        image: "localhost/bgpvip:0.1.0"
                        imagePullPolicy: IfNotPresent
                        args: ["run"]
                        env:
                        - name: BGPVIP_CONFIG
                          value: "/config/bgpvip.yaml"
                        - name: BGPVIP_HEALTH
                          value: "127.0.0.1:9179"
                        livenessProbe:
                          httpGet:
                            host: "127.0.0.1"
                            port: 9179
                            path: /livez
                          periodSeconds: 10
                          failureThreshold: 3
                        readinessProbe:
                          httpGet:
                            host: "127.0.0.1"
                            port: 9179
                            path: /readyz
                          periodSeconds: 5
                          failureThreshold: 3
                        resources:
                          requests:
                            cpu: 10m
                            memory: 32Mi
                        securityContext:
                          runAsUser: 0
                          allowPrivilegeEscalation: false
                          readOnlyRootFilesystem: true
                          capabilities:
                            drop: ["ALL"]
                            add: ["NET_ADMIN"]
                        volumeMounts:
                        - name: run
                          mountPath: "/run/bgpvip"
                        - name: config
                          mountPath: "/config"
                          readOnly: true
                      volumes:
                      - name: run
                        hostPath:
                          path: "/run/bgpvip"
                          type: DirectoryOrCreate
                      - name: config
                        configMap:
                          name: bgpvip

                """)
    }

    private static let file: FileText = [
        "localAS": "65001", "vips": ["10.9.9.9"],
        "peers": [["address": "10.0.0.1", "as": "65000", "passwordFile": "/secrets/tor"]],
        "checks": ["api": ["url": "https://127.0.0.1:6443/readyz", "caFile": "/etc/kubernetes/pki/ca.crt"]],
    ]

    /// The DaemonSet of a file, and of flags beside it.
    private static func manifest(
        _ file: FileText = file, text: String = "# ours\nlocalAS: 65001\n", flags: [String: [String]] = [:]
    ) throws -> String {
        try Manifest.daemonSet(loaded(file, flags: flags), image: "x", file: text)
    }

    private static func loaded(_ file: FileText, flags: [String: [String]] = [:]) throws -> LoadedSettings {
        try load(flags, files: ["/secrets/tor": "a", "/secrets/t": "b"], tree: file.tree)
    }

    @Test func `takes a file as it is, mounts the Secret and the node's directories, and leaves the rest to flags`()
        throws
    {
        let yaml = try Self.manifest(flags: ["med": ["7"]])
        #expect(yaml.contains("data:\n  bgpvip.yaml: |\n    # ours\n    localAS: 65001\n---\n"))
        #expect(
            yaml.contains(
                """
                        env:
                        - name: BGPVIP_MED
                          value: "7"
                        - name: BGPVIP_CONFIG
                          value: "/config/bgpvip.yaml"
                        - name: BGPVIP_HEALTH
                          value: "127.0.0.1:9179"

                """))
        #expect(
            yaml.hasSuffix(
                """
                      - name: config
                        configMap:
                          name: bgpvip
                      - name: files-2
                        hostPath:
                          path: "/etc/kubernetes/pki"
                          type: Directory
                      - name: secrets
                        secret:
                          secretName: bgpvip
                          defaultMode: 0400

                """))
        #expect(
            Manifest.daemonSetNotices(try Self.loaded(Self.file)) == [
                "what is in /secrets comes from a Secret: kubectl --namespace bgpvip create secret generic bgpvip --from-file=NAME=PATH"
            ])
    }

    @Test(arguments: ["localAS: 1", " a: 1\n", "\na: 1\n", "a: 1\n\n", "a: 1\r\nb: 2\r\n", "a: \u{85}\n"])
    func `quotes a file that a block of YAML would change`(text: String) throws {
        #expect(try Self.manifest(text: text).contains("  bgpvip.yaml: \(Manifest.quoted(text))\n---\n"))
    }

    @Test func `is replaced pod by pod when the file changes`() throws {
        let lines = try ["a: 1\n", "a: 1\n", "a: 2\n"].map { text in
            try Self.manifest(text: text).split(separator: "\n").first { $0.contains("bgpvip/configuration") }
        }
        #expect(lines[0] == lines[1])
        #expect(lines[0] != lines[2])
    }

    private static let password = SettingError(
        problem: "the ConfigMap would contain a peer's password in clear",
        remedy: "put it into a Secret and give --peer-password-file /secrets/NAME")

    @Test func `shows no password`() throws {
        let flags = ["vip": ["10.9.9.9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000:pw"]]
        #expect(throws: Self.password) { try Manifest.daemonSet(load(flags), image: "x", file: nil) }
        let file: FileText = ["localAS": "65001", "vips": ["10.9.9.9"], "peers": ["10.0.0.1:65000:pw"]]
        #expect(throws: Self.password) { try Self.manifest(file) }
        let given = ["vip": ["10.9.9.9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000"]]
        let named = try load(
            given.merging(["peer-password-file": ["/secrets/t"]]) { $1 }, files: ["/secrets/t": "hidden"])
        #expect(try !Manifest.daemonSet(named, image: "x", file: nil).contains("hidden"))
    }

    @Test func `gives no node what belongs to another one`() throws {
        let file: FileText = [
            "localAS": "65001", "routerID": "10.0.0.5", "vips": ["10.9.9.9"], "peers": ["10.0.0.1:65000"],
        ]
        #expect(
            throws: SettingError(
                problem: "all nodes would have the router ID of the configuration file",
                remedy: "leave routerID out: each node takes an IPv4 address of its own")
        ) { try Self.manifest(file) }
        let sourced: FileText = [
            "localAS": "65001", "vips": ["10.9.9.9"],
            "peers": [["address": "10.0.0.1", "as": "65000", "source": "10.0.0.5"]],
        ]
        #expect(
            throws: SettingError(
                problem: "a source address belongs to one node, and the DaemonSet runs on several",
                remedy: "leave it out, or give --source-interface")
        ) { try Self.manifest(sourced) }
    }

    @Test func `has in its ConfigMap what the flags say`() throws {
        let flags = [
            "vip": ["10.9.9.9,fd00::9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000,[fd00::1]:external::2"],
            "check": ["tcp://127.0.0.1:22,http://127.0.0.1:80/"], "check-body": ["say \"ok\""], "bfd": ["true"],
            "passive": ["fd00::1"], "listen": ["true"],
        ]
        let loaded = try load(flags)
        let file = FileText.mapping(
            loaded.spelledOut.compactMap { setting, text in setting.fileKey.map { ($0, .scalar(text)) } })
        #expect(try load(tree: file.tree).settings == loaded.settings)
    }
}
