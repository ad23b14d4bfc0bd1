import Testing

@testable import Settings

@Suite struct `The manifest of a static pod` {
    @Test func `from kube-vip's command line in the kubeadm document needs no kubeconfig`() throws {
        let loaded = try load([
            "interface": ["lo"], "vip": ["192.168.0.40"], "controlplane": ["true"], "bgp": ["true"],
            "localAS": ["65000"], "bgpRouterID": ["192.168.0.2"],
            "bgppeers": ["192.168.0.10:65000::false,192.168.0.11:65000::false"],
        ])
        #expect(
            Manifest.notices(loaded) == [
                "no check is set: while the API server answers, even with 401 or 403, the VIP is advertised (BGPVIP_CHECK_STATUS)"
            ])
        #expect(
            try Manifest.pod(loaded, image: "localhost/bgpvip:0.1.0") == """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: bgpvip
                  namespace: kube-system
                  labels:
                    app.kubernetes.io/name: bgpvip
                spec:
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
                    - name: BGPVIP_VIP
                      value: "192.168.0.40"
                    - name: BGPVIP_INTERFACE
                      value: "lo"
                    - name: BGPVIP_LOCAL_AS
                      value: "65000"
                    - name: BGPVIP_ROUTER_ID
                      value: "192.168.0.2"
                    - name: BGPVIP_PEERS
                      value: "192.168.0.10:65000,192.168.0.11:65000"
                    - name: BGPVIP_CHECK_STATUS
                      value: "200,401,403"
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
                  volumes:
                  - name: run
                    hostPath:
                      path: "/run/bgpvip"
                      type: DirectoryOrCreate

                """)
    }

    @Test func `mounts the files, probes the metrics and may listen on a low port`() throws {
        let loaded = try load(
            [
                "vip": ["10.9.9.9,fd00::9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000,[fd00::1]:external::2"],
                "peer-password-file": ["/etc/bgpvip/tors,10.0.0.1=/etc/bgpvip/tor1"], "listen": ["true"],
                "check-ca-file": ["/etc/kubernetes/pki/ca.crt"], "check-body": ["say \"ok\"\\"], "metrics": [":2112"],
                "settle": ["60s"], "linger": ["1.5s"], "control-socket": ["/run/vip/s"],
            ], files: ["/etc/bgpvip/tors": "secret", "/etc/bgpvip/tor1": "hidden"])
        #expect(
            try Manifest.pod(loaded, image: "registry.example.com/bgpvip:0.1.0") == """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: bgpvip
                  namespace: kube-system
                  labels:
                    app.kubernetes.io/name: bgpvip
                spec:
                  hostNetwork: true
                  priorityClassName: system-node-critical
                  terminationGracePeriodSeconds: 73
                  securityContext:
                    seccompProfile:
                      type: RuntimeDefault
                  containers:
                  - name: bgpvip
                    image: "registry.example.com/bgpvip:0.1.0"
                    imagePullPolicy: IfNotPresent
                    args: ["run"]
                    env:
                    - name: BGPVIP_VIP
                      value: "10.9.9.9,fd00::9"
                    - name: BGPVIP_LOCAL_AS
                      value: "65001"
                    - name: BGPVIP_PEERS
                      value: "10.0.0.1:65000,[fd00::1]:external::2"
                    - name: BGPVIP_PEER_PASSWORD_FILE
                      value: "/etc/bgpvip/tors,10.0.0.1=/etc/bgpvip/tor1"
                    - name: BGPVIP_LISTEN
                      value: "true"
                    - name: BGPVIP_CHECK_CA_FILE
                      value: "/etc/kubernetes/pki/ca.crt"
                    - name: BGPVIP_CHECK_BODY
                      value: "say \\"ok\\"\\\\"
                    - name: BGPVIP_SETTLE
                      value: "60s"
                    - name: BGPVIP_LINGER
                      value: "1.5s"
                    - name: BGPVIP_CONTROL_SOCKET
                      value: "/run/vip/s"
                    - name: BGPVIP_METRICS
                      value: ":2112"
                    livenessProbe:
                      httpGet:
                        host: "127.0.0.1"
                        port: 2112
                        path: /livez
                      periodSeconds: 10
                      failureThreshold: 3
                    readinessProbe:
                      httpGet:
                        host: "127.0.0.1"
                        port: 2112
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
                        add: ["NET_ADMIN", "NET_BIND_SERVICE"]
                    volumeMounts:
                    - name: run
                      mountPath: "/run/vip"
                    - name: files-1
                      mountPath: "/etc/kubernetes/pki"
                      readOnly: true
                    - name: files-2
                      mountPath: "/etc/bgpvip"
                      readOnly: true
                  volumes:
                  - name: run
                    hostPath:
                      path: "/run/vip"
                      type: DirectoryOrCreate
                  - name: files-1
                    hostPath:
                      path: "/etc/kubernetes/pki"
                      type: Directory
                  - name: files-2
                    hostPath:
                      path: "/etc/bgpvip"
                      type: Directory

                """)
    }

    @Test func `says in our words what kube-vip's single peer says, and loads to the same settings`() throws {
        let loaded = try load([
            "vip": ["192.168.0.40"], "bgp": ["true"], "localAS": ["65000"], "peerAddress": ["192.168.0.10"],
            "peerAS": ["65010"], "peerPass": ["pw"], "multihop": ["true"], "bgpHoldTimer": ["15"],
            "bgpKeepAliveInterval": ["10"], "log": ["5"], "port": ["7443"],
            "controlPlaneHealthCheckAddress": [
                "https://kubernetes:7443/livez"
            ], "controlPlaneHealthCheckCAPath": ["/etc/kubernetes/pki/ca.crt"],
        ])
        #expect(loaded.texts[.peers] == "192.168.0.10:65010:pw:true")
        let environment = Dictionary(
            uniqueKeysWithValues: loaded.texts.map { ($0.key.environment[0], $0.value) })
        #expect(try load(environment: environment).settings == loaded.settings)
    }

    @Test func `refuses a password that the peer list cannot hold`() throws {
        let loaded = try load([
            "vip": ["192.168.0.40"], "bgp": ["true"], "localAS": ["65000"], "peerAddress": ["192.168.0.10"],
            "peerPass": ["a:b"],
        ])
        #expect(
            throws: SettingError(
                problem: "a peer's password contains \":\" or \",\", which the peer list of the manifest cannot hold",
                remedy: "put it into a file and give --peer-password-file")
        ) { try Manifest.pod(loaded, image: "bgpvip") }
    }

    /// What is mounted, by path.
    private static func mounts(_ flags: [String: [String]]) throws -> [String] {
        let loaded = try load(
            ["vip": ["10.9.9.9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000"]].merging(flags) { $1 },
            files: ["/etc/bgpvip/p": "x", "/p": "x"])
        let lines = try Manifest.pod(loaded, image: "bgpvip").split(separator: "\n")
        return lines.filter { $0.contains("mountPath:") }.map { String($0.split(separator: "\"")[1]) }
    }

    @Test func `mounts a directory once`() throws {
        #expect(try Self.mounts([:]) == ["/run/bgpvip"])
        #expect(try Self.mounts(["control-socket": ["none"]]) == [])
        #expect(
            try Self.mounts([
                "check-ca-file": ["/etc/kubernetes/pki/ca.crt"],
                "check-token-file": ["/etc/kubernetes/pki/tokens/t"], "drain-file": ["/run/bgpvip/drain"],
            ]) == ["/run/bgpvip", "/etc/kubernetes/pki"])
    }

    @Test(arguments: [
        ("check-ca-file", "/etc/ca.crt", "/etc"), ("peer-password-file", "/p", "/"),
        ("control-socket", "/run/bgpvip.sock", "/run"), ("drain-file", "/tmp/drain", "/tmp"),
    ]) func `refuses to mount a directory that others use too`(flag: String, path: String, directory: String) {
        #expect(
            throws: SettingError(
                problem: "\(path) is in \(directory), which the pod cannot mount: the rest of the node is there too",
                remedy: "put it into a directory of its own, for example /etc/bgpvip")
        ) { try Self.mounts([flag: [path]]) }
    }

    @Test(arguments: [
        (["metrics": "10.0.0.5:9179"], "127.0.0.1:9179"),
        (["metrics": "10.0.0.5:9179", "health": "10.0.0.5:80"], "10.0.0.5:80"),
        (["metrics": "9000", "health": "10.0.0.5:80"], "127.0.0.1:9000"), (["health": ":8080"], "127.0.0.1:8080"),
        (["metrics": "[::1]:9000"], "::1:9000"),
    ]) func `is probed on loopback if it can be`(flags: [String: String], target: String) throws {
        let loaded = try load(
            ["vip": ["10.9.9.9"], "local-as": ["65001"], "peers": ["10.0.0.1:65000"]]
                .merging(flags.mapValues { [$0] }) { $1 })
        let lines = try Manifest.pod(loaded, image: "bgpvip").split(separator: "\n").map { $0.trimmed }
        let probed = zip(lines, lines.dropFirst()).filter { $0.0.hasPrefix("host: ") }.map { host, port in
            String(host.split(separator: "\"")[1] + ":" + port.dropFirst("port: ".count))
        }
        #expect(probed == [target, target])
        #expect(lines.contains("- name: BGPVIP_HEALTH") == (flags["health"] != nil || target.hasSuffix(":9179")))
    }

    @Test func `says that a password stands in it in clear`() throws {
        let flags = ["vip": ["192.168.0.40"], "local-as": ["65000"], "peers": ["192.168.0.10:65000:pw"]]
        #expect(
            Manifest.notices(try load(flags)) == [
                "the manifest contains a peer's password in clear, for every user who may read the file or see the pod; put it into a file and give --peer-password-file"
            ])
        let file = ["peers": ["192.168.0.10:65000"], "peer-password-file": ["/p"]]
        #expect(Manifest.notices(try load(flags.merging(file) { $1 }, files: ["/p": "pw"])) == [])
    }

    @Test func `refuses a check by a program, which the image does not have`() throws {
        let loaded = try load([
            "vip": ["192.168.0.40"], "local-as": ["65000"], "peers": ["192.168.0.10:65000"],
            "check": ["tcp://127.0.0.1:22,exec:/usr/bin/pgrep sshd"],
        ])
        #expect(
            throws: SettingError(
                problem:
                    "check exec:/usr/bin/pgrep sshd: the image holds no program but bgpvip, so the pod cannot run /usr/bin/pgrep",
                remedy: "give --check http://…, https://… or tcp://…, or run bgpvip as a service of the node")
        ) { try Manifest.pod(loaded, image: "bgpvip") }
    }

    @Test func `for a file that cannot be read has every capability that the file may need, and none of its guesses`()
        throws
    {
        let loaded = try load(["config": ["/etc/bgpvip/b.yaml"]], files: [:], unread: Manifest.unreadFile)
        let pod = try Manifest.pod(loaded, image: "bgpvip", isFileKnown: false)
        #expect(pod.contains(#"add: ["NET_ADMIN", "NET_BIND_SERVICE", "SYS_NICE"]"#))
        #expect(!pod.contains("Probe:"))
        #expect(!pod.contains("198.18.") && !pod.contains("2001:2:"))
        #expect(pod.contains("env:\n    - name: BGPVIP_CONFIG\n      value: \"/etc/bgpvip/b.yaml\"\n"))
        #expect(pod.contains(#"mountPath: "/etc/bgpvip""#))
        #expect(loaded.notices == [])
        let less = ["config": ["/etc/bgpvip/b.yaml"], "listen": ["false"], "bfd": ["false"], "vip": ["192.0.2.100"]]
        #expect(try Manifest.pod(load(less, unread: Manifest.unreadFile), image: "x").contains(#"add: ["NET_ADMIN"]"#))
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("a\nb\t\u{7f}", #""a\x0ab\x09\x7f""#),
        ("ü: #", #""ü: #""#),
        ("a\u{2028}b\u{2029}", #""a\Lb\P""#),
    ]) func `quotes any text`(text: String, quoted: String) {
        #expect(Manifest.quoted(text) == quoted)
    }
}
