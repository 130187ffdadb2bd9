import Kernels

/// What is asked of the operating system beyond what Foundation offers: `platform.c` knows its forms for Linux and for Darwin.
///
/// No other Swift file asks which system it runs on; `Scripts/check_platform.py` sees to that.
package enum Platform {
    // MARK: Memory, in bytes

    /// What programs can still be given; `nil` where the system does not tell, or says it in files, as Linux does.
    package static var availableMemory: Int? { known(sb_available_memory()) }

    /// The resident memory of this process; `nil` where the system does not tell.
    static var residentMemory: Int? { known(sb_resident_memory()) }

    /// The most memory that this process ever held.
    package static var peakResidentMemory: Int { sb_peak_resident_memory() }

    private static func known(_ bytes: Int) -> Int? { bytes == 0 ? nil : bytes }

    /// Lets the system have the memory of whole pages of a mapped file, which come from the disk again if they are needed.
    /// Only for pages that nobody has changed.
    package static func forgetFilePages(_ pages: UnsafeMutableRawBufferPointer) {
        sb_forget_file_pages(pages.baseAddress, pages.count)
    }

    // MARK: Processors and time

    /// As the system calls the processor; `nil` where it does not tell.
    package static var processorName: String? { text(sb_processor_name) }

    /// Lets other threads go before the calling one, for as long as it lives, and before those that it starts.
    package static func standBack() { sb_stand_back() }

    /// Seconds of a processor that the calling thread has had.
    package static var threadSeconds: Double { Double(sb_thread_nanoseconds()) / 1e9 }

    /// Seconds of processors that this process has had.
    package static var processSeconds: Double { sb_process_seconds() }

    /// Seconds of all processors since the machine's start.
    package struct MachineSeconds {
        package fileprivate(set) var total = 0.0
        package fileprivate(set) var used = 0.0
        /// Taken by a hypervisor.
        package fileprivate(set) var stolen = 0.0

        package init() {}
    }

    /// `nil` where the system does not tell.
    package static var machineSeconds: MachineSeconds? {
        var seconds = MachineSeconds()
        return sb_machine_seconds(&seconds.total, &seconds.used, &seconds.stolen) ? seconds : nil
    }

    // MARK: Processes

    /// The processors that this process may run on, as the system lists them; `nil` where it keeps no process to some.
    package static var processorList: String? { text(sb_processor_list) }

    /// When a process was started, in words that no later process of the same number has, and whether it has ended and waits
    /// only for its parent to ask for its exit code; `nil` where there is none of that number.
    package static func start(ofProcess number: Int32) -> (start: String, isOver: Bool)? {
        var isOver = false
        return text { isOver = sb_process_start(number, $0, $1) }.map { ($0, isOver) }
    }

    /// What a library of a version is named in a file here: `libmpi.so.40` on Linux.
    package static func libraryFile(_ library: String, version: Int32? = nil) -> String {
        text { sb_library_file(library, version ?? -1, $0, $1) } ?? library
    }

    // MARK: Files

    /// When a file was changed last, in nanoseconds since 1970.
    package static func changeTime(of status: stat) -> Int64 {
        withUnsafePointer(to: status) { sb_change_time($0) }
    }

    /// The path of the program that runs; `nil` where the system does not tell.
    package static var programPath: String? { text(sb_program_path) }

    /// Has what was written to a file reach the disk itself. False, with `errno` set, if it cannot.
    @discardableResult package static func flush(_ descriptor: Int32) -> Bool { sb_flush_file(descriptor) == 0 }

    /// How many files and connections the process may have open, after the limit was raised as far as the system allows it.
    package static func raiseOpenFiles() -> Int { sb_raise_open_files() }

    /// What a function writes to the room that it is given.
    private static func text(_ write: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String? {
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { room in
            write(room.baseAddress!, room.count)
            return String(cString: room.baseAddress!)
        }
        return text.isEmpty ? nil : text
    }
}
