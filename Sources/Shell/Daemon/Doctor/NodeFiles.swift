import Diagnosis
import Glibc
import IPTypes

/// What the kernel and other programs tell in files.
enum NodeFiles {
    /// The text of a file, of which a megabyte at most is read; nil if it cannot be read.
    static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while bytes.count < 1 << 20 {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func number(in path: String) -> Int? {
        text(of: path).flatMap { Int($0.prefix { $0 == "-" || $0.isNumber }) }
    }

    /// A switch of IPv4 on an interface: the greater of its own and that of all.
    static func ipv4Switch(_ name: String, on interface: String) -> Int? {
        let values = ["all", interface].compactMap { number(in: "/proc/sys/net/ipv4/conf/\($0)/\(name)") }
        return values.max()
    }

    /// The effective capabilities of this process, a bit for each.
    static var capabilities: UInt64? {
        text(of: "/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
            .flatMap { UInt64($0.dropFirst(7).drop { $0 == "\t" || $0 == " " }, radix: 16) }
    }

    /// A counter of TcpExt: one line has the names, the next the values.
    static func counter(_ name: String) -> Int? {
        let lines = text(of: "/proc/net/netstat")?.split(separator: "\n").filter { $0.hasPrefix("TcpExt:") } ?? []
        guard lines.count == 2, let index = lines[0].split(separator: " ").firstIndex(where: { $0 == name }) else {
            return nil
        }
        let values = lines[1].split(separator: " ")
        return index < values.count ? Int(values[index]) : nil
    }

    /// The UDP ports that are open in this network namespace.
    static var openUDPPorts: Set<UInt16> {
        var ports: Set<UInt16> = []
        for file in ["/proc/net/udp", "/proc/net/udp6"] {
            for line in (text(of: file) ?? "").split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                guard fields.count > 1, let port = fields[1].split(separator: ":").last else { continue }
                if let port = UInt16(port, radix: 16) { ports.insert(port) }
            }
        }
        return ports
    }

    /// The paths of the unix sockets of this network namespace that accept connections; `@` begins an abstract name.
    private static var listeningSockets: [Substring] {
        (text(of: "/proc/net/unix") ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 7)
            // Flags 00010000: it accepts connections. Datagram sockets never do.
            return fields.count == 8 && fields[3] == "00010000" ? fields[7] : nil
        }
    }

    /// How many unix sockets of this network namespace accept connections at this path.
    static func listeningSockets(at path: String) -> Int { listeningSockets.count { $0 == path } }

    /// The addresses of `AddressLocks`, of all daemons of this network namespace.
    static var heldAddresses: Set<IPAddress> {
        Set(listeningSockets.compactMap { $0.hasPrefix("@bgpvip ") ? IPAddress(String($0.dropFirst(8))) : nil })
    }

    /// When the file was changed (seconds since 1970).
    static func changedAt(_ path: String) -> Int64? {
        var info = stat()
        return stat(path, &info) == 0 ? Int64(info.st_mtim.tv_sec) : nil
    }

    /// True if everybody may read the file.
    static func isReadableByAll(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IROTH != 0
    }

    /// Why no socket can be made at this path; nil if one can, or is there.
    static func socketFault(at path: String) -> String? {
        var info = stat()
        if lstat(path, &info) == 0 {
            return info.st_mode & S_IFMT == S_IFSOCK ? nil : "\(path) exists and is not a socket"
        }
        // What is missing of the directories is made by the daemon.
        var directory = path
        repeat {
            directory = directory.lastIndex(of: "/").map { String(directory[..<$0]) } ?? "."
            if directory.isEmpty { directory = "/" }
        } while stat(directory, &info) != 0 && directory.count > 1
        if access(directory, W_OK) == 0 { return nil }
        return "\(path) cannot be made: \(directory) cannot be written to by this user"
    }
}

/// A program that runs on this node.
struct NodeProcess {
    var arguments: [String]
    var environment: [String: String]

    /// The programs that can be seen from here, and that are in this network namespace.
    static var all: [NodeProcess] {
        let own = link("/proc/self/ns/net")
        return processNumbers.compactMap { number in
            guard number != getpid(), link("/proc/\(number)/ns/net") == own else { return nil }
            return NodeProcess(number)
        }
    }

    private init?(_ number: Int32) {
        guard let command = NodeFiles.text(of: "/proc/\(number)/cmdline"), !command.isEmpty else { return nil }
        arguments = command.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        if arguments.last == "" { arguments.removeLast() }
        environment = [:]
        for entry in (NodeFiles.text(of: "/proc/\(number)/environ") ?? "").split(separator: "\0") {
            let pair = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { environment[String(pair[0])] = String(pair[1]) }
        }
    }

    /// True for `bgpvip run`.
    var isDaemon: Bool {
        guard let program = arguments.first?.split(separator: "/").last, arguments.count > 1 else { return false }
        return program == "bgpvip" && ["run", "manager"].contains(arguments[1])
    }

    private static var processNumbers: [Int32] {
        guard let stream = opendir("/proc") else { return [] }
        defer { closedir(stream) }
        var numbers: [Int32] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name) { numbers.append(number) }
        }
        return numbers.sorted()
    }

    private static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}

/// The arguments and the environment of a daemon of this network namespace; nil if none can be seen.
package func runningDaemon() -> (arguments: [String], environment: [String: String])? {
    NodeProcess.all.first(where: \.isDaemon).map { ($0.arguments, $0.environment) }
}
