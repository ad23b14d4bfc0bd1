import ConfigFile
import Glibc
import Kubernetes
import KubernetesAPI
import NIOCore
import Services
import Settings

// How this machine reaches the Kubernetes API.

extension KubernetesClient {
    /// A client for the cluster that these settings lead to.
    static func ofNode(
        _ settings: ServicesSettings, on loop: any EventLoop, onEvents: @escaping ([Services.Event]) -> Void
    ) -> KubernetesClient {
        let identity = Identity(
            nodeName: settings.nodeName ?? defaultNodeName(), namespace: settings.namespace ?? podNamespace(),
            userAgent: "bgpvip")
        let kubeconfig = settings.kubeconfig
        var generator = SystemRandomNumberGenerator()
        return KubernetesClient(
            { access(by: kubeconfig) }, as: identity, seed: generator.next(), on: loop, onEvents: onEvents)
    }
}

/// The name that kubelet gives a node by default: its host name.
func defaultNodeName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
}

/// The namespace of the pod that we are; without one, that of the cluster's own parts.
private func podNamespace() -> String {
    let text = contents(ofSmallFile: APIAccess.serviceAccount + "/namespace") ?? ""
    return text.split { $0 <= " " }.first.map(String.init) ?? "kube-system"
}

/// Where the API is: by a kubeconfig, as a pod knows it, or as a node of the control plane does. Blocks while the file is
/// read.
private func access(by kubeconfig: String?) -> Result<APIAccess, APIFailure> {
    Result { () throws(APIFailure) in
        let isPod = Glibc.access(APIAccess.serviceAccount + "/token", R_OK) == 0
        let usual = ServicesSettings.controlPlaneKubeconfig
        guard let kubeconfig = kubeconfig ?? (!isPod && Glibc.access(usual, R_OK) == 0 ? usual : nil) else {
            var environment: [String: String] = [:]
            for name in ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] {
                environment[name] = getenv(name).map { String(cString: $0) }
            }
            return try APIAccess(inCluster: environment)
        }
        switch tree(ofFile: kubeconfig) {
        case .success(let root): return try APIAccess(kubeconfig: root, at: kubeconfig)
        case .failure(let fault):
            let place = fault.place.map { ":\($0.line):\($0.column)" } ?? ""
            throw .access("\(kubeconfig)\(place): \(fault.problem)" + (fault.remedy.map { "; \($0)" } ?? ""))
        }
    }
}

/// The beginning of a file that is in memory, so that reading it cannot hang; nil if there is none.
private func contents(ofSmallFile path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
}
