import Fuzzing
import KubernetesAPI
import Settings

/// What a kubeconfig says is whole, and what is wrong with it is said in one line.
func checkKubeconfig(_ root: FileNode) {
    do throws(APIFailure) {
        let access = try APIAccess(kubeconfig: root, at: "/etc/bgpvip/kubeconfig")
        trace("\(access)")
        require(!access.host.isEmpty && access.port > 0, "\(access.endpoint) is no server")
        requireOneLine(access.endpoint)
        require(access.basePath.isEmpty || access.basePath.hasPrefix("/"), "\(access.basePath) is no path")
        var materials = [access.authority]
        switch access.credentials {
        case .token(let token): materials.append(token)
        case .certificate(let certificate, let key): materials += [certificate, key]
        }
        for case .some(let material) in materials {
            switch material {
            case .file(let path): require(path.hasPrefix("/"), "\(path) is relative")
            case .bytes(let bytes): require(!bytes.isEmpty, "nothing is given")
            }
        }
    } catch {
        requireOneLine(error.description)
    }
}
