import Foundation
import Switchback

extension Profile {
    /// Saves the recording as a trace in the Chrome format, which https://ui.perfetto.dev and chrome://tracing show as
    /// a timeline: modules with the operations inside them, each with its bytes and GFLOP/s.
    ///
    /// Recordings of more than 100,000 events save the first ones.
    ///
    /// - Throws: `InputError` if the file cannot be written; there is then none.
    public func saveTrace(to path: String) throws {
        try AtomicFile.write(to: path) { file in
            try file.append(#"{"displayTimeUnit":"ms","traceEvents":["#.utf8)
            var separator = "\n"
            for event in events {
                try file.append((separator + event.traceLine).utf8)
                separator = ",\n"
            }
            try file.append("\n]}\n".utf8)
        }
    }
}

extension Profile.Event {
    /// A complete event, "ph" X: times are in microseconds.
    fileprivate var traceLine: String {
        var arguments = ["\"module\":\(module.jsonQuoted)"]
        if bytes > 0 { arguments.append("\"bytes\":\(bytes)") }
        if operations > 0 && seconds > 0 {
            arguments.append("\"GFLOP/s\":\(String(format: "%.2f", operations / seconds / 1e9))")
        }
        let times = String(format: "\"ts\":%.3f,\"dur\":%.3f", start * 1e6, seconds * 1e6)
        let category = kind == .module ? "module" : phase.rawValue
        let label = phase == .backward ? "\(name) backward" : kind == .module && !module.isEmpty ? module : name
        return "{\"name\":\(label.jsonQuoted),\"cat\":\"\(category)\",\"ph\":\"X\",\(times),\"pid\":1,\"tid\":1,"
            + "\"args\":{\(arguments.joined(separator: ","))}}"
    }
}
