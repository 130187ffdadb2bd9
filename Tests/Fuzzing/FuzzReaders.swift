import Foundation
import Switchback

/// Feeds one reader with inputs: those of the corpus, each once; or, in a build for libFuzzer, ever new ones that are
/// chosen by the code that they reach (https://llvm.org/docs/LibFuzzer.html).
///
///     fuzz-readers READER CORPUS …
///
/// A reader may read an input or refuse it with a sentence; whatever else happens ends the program.
@main enum FuzzReaders {
    /// The reader that is fed; set once, before the first input.
    nonisolated(unsafe) private static var reader: Reader?

    static func main() {
        var arguments = CommandLine.arguments
        guard arguments.count > 1, let reader = Reader.all[arguments[1]] else {
            print("usage: fuzz-readers READER CORPUS …; there are \(Reader.all.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        self.reader = reader
        Diagnostics.handler = { _ in }
        arguments.remove(at: 1)
        #if FUZZING
        runLibFuzzer(arguments)
        #else
        replay(arguments.dropFirst())
        #endif
    }

    private static func replay(_ folders: some Sequence<String>) {
        var count = 0
        for folder in folders {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] {
                guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
                data.withUnsafeBytes { read($0) }
                count += 1
            }
        }
        print("\(count) inputs were read or refused")
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) {
        do {
            try reader?.read(bytes)
        } catch is InputError {
        } catch {
            fatalError("\(error) is not a sentence for a user")
        }
    }

    #if FUZZING
    private static func runLibFuzzer(_ arguments: [String]) {
        var count = CInt(arguments.count)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        pointers.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            let status = libFuzzerDriver(&count, &start) { bytes, count in
                FuzzReaders.read(UnsafeRawBufferPointer(start: bytes, count: count))
                return 0
            }
            exit(status)
        }
    }
    #endif
}

#if FUZZING
@_silgen_name("LLVMFuzzerRunDriver")
private func libFuzzerDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
#endif
