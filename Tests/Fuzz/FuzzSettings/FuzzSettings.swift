import ConfigFile
import Fuzzing
import Settings

/// What libFuzzer calls: a configuration file of any bytes, read and resolved as `bgpvip check` does; or a kubeconfig.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    switch root(bytes) {
    case .success(let root):
        checkPlaces(of: root, in: bytes)
        checkRoundTrip(root)
        let resolved = resolve(.success(root))
        check(resolved, of: bytes)
        compareWithFlags(root, resolved)
        checkKubeconfig(root)
    case .failure(let fault):
        check(fault, of: bytes)
        check(resolve(.failure(fault)), of: bytes)
    }
    return 0
}
