import Foundation
import Kernels
import Switchback

// What is asked of the library of MPI: bytes go from process to process, and nothing is computed on the way.

enum MessagePassing {
    /// Connects the processes of a launch. Throws `InputError` where no library is found that belongs to its launcher.
    static func start(_ launch: Launch) throws {
        let setting = "SWITCHBACK_MPI to the path of the library that belongs to it"
        for library in launch.libraries {
            var text = [CChar](repeating: 0, count: 1024)
            let problem = sb_mpi_start(library, &text, text.count)
            let message = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            switch sb_mpi_problem(UInt32(problem)) {
            case SB_MPI_NO_LIBRARY: continue
            case SB_MPI_INCOMPLETE:
                throw InputError(library, "is not a library of MPI 3.1 or later: it lacks \(message)")
            case SB_MPI_FOREIGN:
                throw InputError(
                    library, "is \(message), whose conventions are neither Open MPI's, MPICH's nor those of MPI 5.0",
                    remedy: "set \(setting)")
            case SB_MPI_START_FAILED: throw InputError(library, "\(message) cannot be started")
            default: break
            }
            let size = Int(sb_mpi_size())
            guard size == launch.size else {
                throw InputError(
                    launch.launcher,
                    "it started \(launch.size) processes, of which \(library) (\(libraryName)) sees \(size)",
                    remedy: "set \(setting)")
            }
            return
        }
        let names = launch.libraries.joined(separator: ", ")
        throw InputError(
            launch.launcher, "it started \(launch.size) processes, and its library cannot be loaded: tried \(names)",
            remedy: "install it, or set \(setting)")
    }

    static var rank: Int { Int(sb_mpi_rank()) }

    private static var libraryName: String {
        var text = [CChar](repeating: 0, count: 256)
        sb_mpi_library_name(&text, text.count)
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}

/// An operation between the processes that is under way, with the memory that it reads and writes.
final class Transfer {
    /// How many bytes pass between this process and each of the others.
    struct Shares {
        let counts, starts: [Int32]

        /// - Parameter ranges: in bytes, of all processes in their order.
        init(_ ranges: [Range<Int>]) {
            let most = ranges.map(\.upperBound).max() ?? 0
            require(most <= Int(Int32.max), "ProcessGroup", "\(most) bytes are too many for one message")
            (counts, starts) = (ranges.map { Int32($0.count) }, ranges.map { Int32($0.lowerBound) })
        }
    }

    private let operation = UnsafeMutablePointer<sb_mpi_operation>.allocate(capacity: 1)
    /// MPI reads counts and starts until the operation is done.
    private var numbers: [UnsafeMutablePointer<Int32>] = []
    /// What owns the memory.
    private var owners: [AnyObject] = []
    private var isDone = false

    private init() {}

    deinit {
        guard poll() else {
            // An error ends the program, and MPI still reads and writes there.
            for owner in owners { _ = Unmanaged.passRetained(owner) }
            return
        }
        for numbers in numbers { numbers.deallocate() }
        operation.deallocate()
    }

    private func lasting(_ values: [Int32]) -> UnsafeMutablePointer<Int32> {
        let copy = UnsafeMutablePointer<Int32>.allocate(capacity: max(values.count, 1))
        copy.initialize(from: values, count: values.count)
        numbers.append(copy)
        return copy
    }

    private func check(_ code: Int32) {
        require(code == 0, "ProcessGroup", "MPI reports its error \(code)")
    }

    static func broadcast(_ bytes: UnsafeMutableRawBufferPointer) -> Transfer {
        let transfer = Transfer()
        transfer.check(sb_mpi_begin_broadcast(bytes.baseAddress, Int32(bytes.count), 0, transfer.operation))
        return transfer
    }

    /// - Parameter all: where the bytes of all processes come together.
    static func gather(
        _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, _ shares: Shares
    ) -> Transfer {
        let transfer = Transfer()
        transfer.check(
            sb_mpi_begin_gather(
                own.baseAddress, Int32(own.count), all.baseAddress, transfer.lasting(shares.counts),
                transfer.lasting(shares.starts), transfer.operation))
        return transfer
    }

    /// Gathers the parts of an array, each from the process that has it; beside other operations.
    ///
    /// - Parameter ranges: of all processes, in elements.
    static func gather(_ own: Tensor, ranges: [Range<Int>]) -> (Transfer, whole: Tensor) {
        let transfer = Transfer()
        let shares = Shares(ranges.map { $0.bytes })
        let whole = transfer.newFloats(ranges.last?.upperBound ?? 0) { all in
            own.array.withHostBytes { own in
                transfer.check(
                    sb_mpi_begin_second_gather(
                        own.baseAddress, Int32(own.count), all.baseAddress, transfer.lasting(shares.counts),
                        transfer.lasting(shares.starts), transfer.operation))
            }
        }
        transfer.owners.append(own)
        return (transfer, whole)
    }

    /// Sends a part of an array to each process, and receives parts of theirs.
    ///
    /// - Parameters:
    ///   - sent: may be `nil` where all its parts are empty.
    ///   - parts: what goes to each process, in elements.
    ///   - received: where what comes from each process is to lie in the array that is returned.
    static func exchange(
        _ sent: Tensor?, parts: [Range<Int>], received: [Range<Int>]
    ) -> (Transfer, received: Tensor) {
        let transfer = Transfer()
        let (out, into) = (Shares(parts.map { $0.bytes }), Shares(received.map { $0.bytes }))
        func begin(_ bytes: UnsafeRawBufferPointer?, _ memory: UnsafeMutableRawBufferPointer) {
            transfer.check(
                sb_mpi_begin_exchange(
                    bytes?.baseAddress, transfer.lasting(out.counts), transfer.lasting(out.starts), memory.baseAddress,
                    transfer.lasting(into.counts), transfer.lasting(into.starts), transfer.operation))
        }
        let result = transfer.newFloats(received.map(\.upperBound).max() ?? 0) { memory in
            if let sent { sent.array.withHostBytes { begin($0, memory) } } else { begin(nil, memory) }
        }
        if let sent { transfer.owners.append(sent) }
        return (transfer, result)
    }

    /// A meeting of all processes that is independent of all other operations.
    static func meeting() -> Transfer {
        let transfer = Transfer()
        transfer.check(sb_mpi_begin_meeting(transfer.operation))
        return transfer
    }

    /// New memory for what is received, which lasts as long as the transfer.
    private func newFloats(_ count: Int, _ begin: (UnsafeMutableRawBufferPointer) -> Void) -> Tensor {
        let tensor = Tensor(NDArray(shape: [count], dtype: .float32, writing: begin))
        owners.append(tensor)
        return tensor
    }

    /// Moves all transfers on; whether this one is done.
    func poll() -> Bool {
        if !isDone { isDone = sb_mpi_is_done(operation) != 0 }
        return isDone
    }

    func wait() {
        if !isDone { sb_mpi_wait(operation) }
        isDone = true
    }
}

extension Range<Int> {
    /// Where float32 elements lie, in bytes.
    fileprivate var bytes: Range<Int> { lowerBound * 4..<upperBound * 4 }
}
