import CLinuxShim
import Glibc

/// Gives back the pages of the program's code that only the start needed.
///
/// Reading settings, opening sockets and the like leave code mapped that does not run again. The kernel takes it back when
/// memory is short; on a small node it should not have to. What is needed after all is still in the page cache and comes
/// back with a minor fault.
func giveBackStartCode() {
    let count = Int(getauxval(UInt(AT_PHNUM)))
    guard let headers = UnsafePointer<Elf64_Phdr>(bitPattern: getauxval(UInt(AT_PHDR))) else { return }
    let program = UnsafeBufferPointer(start: headers, count: count)
    guard let own = program.first(where: { $0.p_type == UInt32(PT_PHDR) }) else { return }
    let base = UInt(bitPattern: headers) &- UInt(own.p_vaddr)
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    // What may be written to is left alone: it would be lost.
    for segment in program where segment.p_type == UInt32(PT_LOAD) && segment.p_flags & UInt32(PF_W) == 0 {
        let start = base &+ UInt(segment.p_vaddr)
        let first = start & ~(page - 1)
        madvise(UnsafeMutableRawPointer(bitPattern: first), Int(start + UInt(segment.p_memsz) - first), MADV_DONTNEED)
    }
}

/// The same for the stack of the main thread: what lies below the caller's frames is not in use. Does nothing on another thread.
func giveBackStartStack() {
    // The kernel puts this beyond the first frame.
    let top = getauxval(UInt(AT_RANDOM))
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let room = 64 * page
    var here: UInt8 = 0
    withUnsafeMutablePointer(to: &here) { here in
        let here = UInt(bitPattern: here)
        guard here < top, top - here < room else { return }
        // A page is left to the calls that do it.
        let end = (here & ~(page - 1)) - page
        madvise(UnsafeMutableRawPointer(bitPattern: end - room), Int(room), MADV_DONTNEED)
    }
}
