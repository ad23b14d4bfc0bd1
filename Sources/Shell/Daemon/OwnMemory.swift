import CLinuxShim
import Glibc

/// What of this process is resident and of no file: the heap, stacks, variables; in octets. Nil without /proc.
func ownMemory() -> Int? {
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
    return (pages[1] - pages[2]) * sysconf(Int32(_SC_PAGESIZE))
}

/// Gives the whole pages of the heap that are free back to the kernel.
func giveBackHeap() { malloc_trim(0) }
