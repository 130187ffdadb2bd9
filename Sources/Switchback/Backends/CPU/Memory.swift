import Kernels

/// Memory statistics of the CPU allocator and of the whole process, in bytes.
public enum Memory {
    /// Handed out to tensors that are alive.
    public static var live: Int { sb_memory_live() }
    /// The most that was live at once since the start or the last `resetPeak()`.
    public static var peak: Int { sb_memory_peak() }
    /// Freed, and kept for the next tensor of that size.
    public static var cached: Int { sb_memory_cached() }
    /// How often the system was asked for memory: constant in a training loop after its first step.
    public static var systemRequests: Int { sb_memory_system_requests() }

    /// The resident memory of the process; `nil` if it is unknown.
    public static var resident: Int? { Platform.residentMemory }

    /// The most that may be live and cached at once; `nil`, the default, means no limit. Cached memory makes way for
    /// tensors; a tensor for which there is no room even then stops the program with a sentence.
    public static var limit: Int? {
        get { sb_memory_limit() == Int(bitPattern: UInt.max) ? nil : sb_memory_limit() }
        set { sb_memory_set_limit(newValue.map { Swift.max($0, 0) } ?? Int(bitPattern: UInt.max)) }
    }

    public static func resetPeak() { sb_memory_reset_peak() }
    /// Returns cached memory to the system.
    public static func trim(to byteCount: Int = 0) { sb_memory_trim(byteCount) }
    /// Memory freed beyond this many cached bytes goes straight back to the system. No bound at the start.
    public static func limitCache(to byteCount: Int) { sb_memory_set_cache_limit(byteCount) }
}
