import Fuzzing

@testable import ControlSocket

/// What libFuzzer calls: small texts that come with or around HTTP. The first octet says which; the low five bits count.
///
/// * `o`, `m`: a request to the control socket by an operator, or to the TCP endpoint by whoever monitors: `GET /livez`
/// * `r`: what the command line gets back
/// * `c`: the service's answer to a check (`checkAnswer`)
/// * `t`, `d`: a token file, a drain file
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let kind = input.first else { return 0 }
    let rest = Array(input.dropFirst())
    switch kind & 0x1F {
    case letter("o"): checkRequest(rest, .operators([0]))
    case letter("m"): checkRequest(rest, .monitoring)
    case letter("r"): checkResponse(rest)
    case letter("c"): checkAnswer(rest)
    case letter("t"): checkToken(rest)
    case letter("d"): checkDrainFile(rest)
    default: break
    }
    return 0
}
