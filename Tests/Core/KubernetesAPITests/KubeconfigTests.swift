import Settings
import Testing

@testable import KubernetesAPI

struct KubeconfigTests {
    /// A mapping or text, each at the place 1:1.
    private indirect enum Node: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
        case text(String)
        case mapping([(String, Node)])
        case sequence([Node])

        init(stringLiteral text: String) { self = .text(text) }
        init(dictionaryLiteral entries: (String, Node)...) { self = .mapping(entries) }
        init(arrayLiteral nodes: Node...) { self = .sequence(nodes) }

        var node: FileNode {
            let place = FilePlace(line: 3, column: 5)
            return switch self {
            case .text(let text): FileNode(.scalar(text), at: place)
            case .sequence(let nodes): FileNode(.sequence(nodes.map(\.node)), at: place)
            case .mapping(let entries):
                FileNode(.mapping(entries.map { FileEntry($0.0, $0.1.node, at: place) }), at: place)
            }
        }
    }

    private func read(
        cluster: Node = ["server": "https://192.0.2.1:6443", "certificate-authority": "pki/ca.crt"],
        user: Node = ["token": "abc"], context: Node = ["cluster": "c", "user": "u"], wanted: String? = nil
    ) throws(APIFailure) -> APIAccess {
        let file: Node = [
            "current-context": "x",
            "contexts": [["name": "other", "context": [:]], ["name": "x", "context": context]],
            "clusters": [["name": "c", "cluster": cluster]], "users": [["name": "u", "user": user]],
        ]
        return try APIAccess(kubeconfig: file.node, at: "/etc/kubernetes/admin.conf", context: wanted)
    }

    @Test func pathsCountFromTheFile() throws {
        #expect(
            try read(
                user: ["client-certificate": "/pki/a.crt", "client-key": "a.key"])
                == APIAccess(
                    host: "192.0.2.1", port: 6443, authority: .file("/etc/kubernetes/pki/ca.crt"),
                    credentials: .certificate(.file("/pki/a.crt"), key: .file("/etc/kubernetes/a.key"))))
    }

    @Test func dataIsBase64() throws {
        #expect(
            try read(
                cluster: [
                    "server": "https://api.example/k8s/", "certificate-authority-data": "Q0E=",
                    "tls-server-name": "kubernetes",
                ], user: ["tokenFile": "token"])
                == APIAccess(
                    host: "api.example", port: 443, basePath: "/k8s", serverName: "kubernetes",
                    authority: .bytes(Array("CA".utf8)), credentials: .token(.file("/etc/kubernetes/token"))))
    }

    @Test func whatIsWrongHasItsPlace() {
        func fault(_ text: String) -> APIFailure { .access("/etc/kubernetes/admin.conf:3:5: \(text)") }
        #expect(throws: fault("contexts has no entry with the name y")) { try read(wanted: "y") }
        #expect(throws: fault("the context other needs a cluster and a user")) { try read(wanted: "other") }
        #expect(throws: fault("clusters has no entry with the name z")) {
            try read(context: ["cluster": "z", "user": "u"])
        }
        #expect(throws: fault("server must be https://HOST:PORT")) { try read(cluster: ["server": "http://192.0.2.1"]) }
        #expect(throws: fault("server must be https://HOST:PORT")) { try read(cluster: [:]) }
        #expect(throws: fault("insecure-skip-tls-verify is not supported: give the CA as certificate-authority")) {
            try read(cluster: ["server": "https://a", "insecure-skip-tls-verify": "true"])
        }
        #expect(throws: fault("certificate-authority-data is not Base64")) {
            try read(cluster: ["server": "https://a", "certificate-authority-data": "%"])
        }
        #expect(throws: fault("exec is not supported: use a token, a tokenFile or a client certificate")) {
            try read(user: ["exec": ["command": "aws"]])
        }
        #expect(throws: fault("the user u has a client certificate and no client-key")) {
            try read(user: ["client-certificate": "a"])
        }
        #expect(throws: fault("the user u has no client-certificate, token or tokenFile")) { try read(user: [:]) }
        #expect(throws: fault("no context is chosen: set current-context")) {
            try APIAccess(
                kubeconfig: FileNode(.scalar("x"), at: FilePlace(line: 3, column: 5)), at: "/etc/kubernetes/admin.conf")
        }
    }

    @Test func whatIsWrongIsSaidOnOneLineWhateverTheNamesAre() {
        let error = #expect(throws: APIFailure.self) { try read(wanted: "y\n\u{1B}[2J\u{2028}z") }
        #expect(
            error?.description == "/etc/kubernetes/admin.conf:3:5: contexts has no entry with the name y  [2J z")
    }

    @Test(arguments: [
        ("https://a", "a", 443, ""), ("https://a:1/", "a", 1, ""), ("https://[fd00::1]", "fd00::1", 443, ""),
        ("https://[fd00::1]:6443/x/y", "fd00::1", 6443, "/x/y"),
    ])
    func serversAreTakenApart(text: String, host: String, port: UInt16, path: String) throws {
        let parts = try #require(APIAccess.parts(of: text))
        #expect(parts == (host, port, path))
    }

    @Test(arguments: [
        "", "https://", "https://:1", "https://a:x", "https://a:0", "https://a:99999", "https://a/ b", "https://a/?x",
        "https://a b", "https://a\r\nX: y", "https://a\u{1B}[2J:6443",
    ])
    func otherTextsAreNoServers(text: String) {
        #expect(APIAccess.parts(of: text) == nil)
    }

    @Test func aPodKnowsItsAPI() throws {
        let access = try APIAccess(inCluster: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"])
        #expect(access.endpoint == "[fd00::1]:443")
        #expect(access.credentials == .token(.file("/var/run/secrets/kubernetes.io/serviceaccount/token")))
        #expect(access.authority == .file("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"))
        #expect(throws: APIFailure.self) { try APIAccess(inCluster: ["KUBERNETES_SERVICE_HOST": "a"]) }
        #expect(throws: APIFailure.self) { try APIAccess(inCluster: [:]) }
    }

    @Test(arguments: [
        ("", ""), ("QQ==", "A"), ("QUI=", "AB"), ("QUJD", "ABC"), ("QU\nJD IA==", "ABC "), ("/+8=", "\u{0}"),
    ])
    func base64IsDecoded(text: String, result: String) {
        let expected = text == "/+8=" ? [0xFF, 0xEF] : Array(result.utf8)
        #expect(bytes(ofBase64: text) == expected)
    }

    @Test(arguments: ["Q", "QQ", "QQ=", "QQ===", "Q=Q=", "QUJD=", "Q-==", "===="])
    func otherTextsAreNoBase64(text: String) {
        #expect(bytes(ofBase64: text) == nil)
    }
}
