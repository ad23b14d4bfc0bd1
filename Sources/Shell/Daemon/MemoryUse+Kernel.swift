import CLinuxShim
import Glibc
import SpeakerCore

extension MemoryUse {
    /// That of this process now; nil without /proc.
    static var current: MemoryUse? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let text = withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        // Pages: the address space, what is resident, what of that is of a file (proc_pid_statm(5)).
        let pages = text.split(separator: " ").prefix(3).compactMap { Int($0) }
        guard pages.count == 3 else { return nil }
        let heap = mallinfo2()
        return MemoryUse(
            resident: (pages[1] - pages[2]) * sysconf(Int32(_SC_PAGESIZE)),
            // Between its ends, and as mappings of their own.
            allocated: Int(clamping: heap.uordblks) + Int(clamping: heap.hblkhd))
    }
}
