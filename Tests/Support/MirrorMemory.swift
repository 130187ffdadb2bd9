import Foundation

/// Memory as a device has it: its addresses lie in pages without access, so that whoever goes there stops at once.
///
/// There are two ranges of addresses of one size. Blocks are handed out in the front one, which nobody can touch; their
/// bytes lie at a fixed distance behind, in the back one, which only `MirrorBackend` knows.
enum MirrorMemory {
    /// As many addresses as all tests together need; memory is taken for what is used of them.
    private static let rangeSize = 1 << 36
    nonisolated(unsafe) private static let front = reserve(PROT_NONE)
    nonisolated(unsafe) private static let back = reserve(PROT_READ | PROT_WRITE)

    private struct State {
        var used = 0
        var live = 0
        var peak = 0
        /// Blocks that were given back, by size.
        var free: [Int: [UnsafeMutableRawPointer]] = [:]
    }

    private static let lock = NSLock()
    nonisolated(unsafe) private static var state = State()

    static var live: Int { lock.withLock { state.live } }
    static var peak: Int { lock.withLock { state.peak } }

    private static let readingsKey = "switchback.mirror.readings"

    /// How often the thread that asks has fetched bytes.
    static var readings: Int {
        get { Thread.current.threadDictionary[readingsKey] as? Int ?? 0 }
        set { Thread.current.threadDictionary[readingsKey] = newValue }
    }

    /// A block in the front range.
    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        let size = blockSize(byteCount)
        return lock.withLock {
            state.live += byteCount
            state.peak = max(state.peak, state.live)
            if let block = state.free[size]?.popLast() { return block }
            precondition(state.used + size <= rangeSize, "the mirror has no addresses left")
            defer { state.used += size }
            return front + state.used
        }
    }

    static func deallocate(_ block: UnsafeMutableRawPointer, byteCount: Int) {
        lock.withLock {
            state.live -= byteCount
            state.free[blockSize(byteCount), default: []].append(block)
        }
    }

    /// Where the bytes of an address of the front range are.
    static func behind(_ address: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        precondition(
            front <= address && address <= front + rangeSize, "an operand does not lie in the mirror's memory")
        return back + (address - front)
    }

    /// A power of two, so that blocks can be used again.
    private static func blockSize(_ byteCount: Int) -> Int {
        1 << (Int.bitWidth - max(byteCount - 1, 63).leadingZeroBitCount)
    }

    private static func reserve(_ access: Int32) -> UnsafeMutableRawPointer {
        let range = mmap(nil, rangeSize, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let range, range != MAP_FAILED else { fatalError("no addresses for the mirror: error \(errno)") }
        return range
    }
}
