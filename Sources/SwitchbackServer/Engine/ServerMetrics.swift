import Foundation
import Switchback

/// The metrics of the server, in the format of Prometheus.
package final class ServerMetrics: @unchecked Sendable {
    private let lock = NSLock()
    // Guarded by the lock.
    private var requests: [RequestKind: Int] = [:]
    private var promptTokens = 0
    private var cachedTokens = 0
    private var generatedTokens = 0
    private var steps = 0
    private var stepTexts = 0
    /// By model.
    private var loads: [String: (active: Int, waiting: Int)] = [:]
    private var cancellations = 0
    private var requestSeconds = Histogram()
    private var firstTokenSeconds = Histogram()

    private struct RequestKind: Hashable {
        let path: String
        let status: Int
    }

    package init() {}

    // MARK: Counting

    func count(path: String, status: Int, seconds: Double) {
        lock.withLock {
            requests[RequestKind(path: path, status: status), default: 0] += 1
            requestSeconds.add(seconds)
        }
    }

    /// - Parameter cached: how many of the tokens another text had begun with.
    func count(promptTokens count: Int, cached: Int) {
        lock.withLock {
            promptTokens += count
            cachedTokens += cached
        }
    }

    func countStep(of texts: Int, tokens: Int) {
        lock.withLock {
            steps += 1
            stepTexts += texts
            generatedTokens += tokens
        }
    }

    func countCancellation() { lock.withLock { cancellations += 1 } }

    func observeFirstToken(after arrival: ContinuousClock.Instant) {
        let seconds = arrival.duration(to: .now) / .seconds(1)
        lock.withLock { firstTokenSeconds.add(seconds) }
    }

    /// How many texts a model writes now, and how many wait for it.
    package func setLoad(of model: String, active: Int, waiting: Int) {
        lock.withLock { loads[model] = (active, waiting) }
    }

    // MARK: Telling

    /// All numbers in Prometheus' text format.
    package var text: String {
        lock.withLock {
            var lines: [String] = []
            func add(_ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: String)]) {
                lines.append("# HELP switchback_\(name) \(help)")
                lines.append("# TYPE switchback_\(name) \(type)")
                lines += values.map { "switchback_\(name)\($0.labels) \($0.value)" }
            }
            let kinds = requests.sorted { ($0.key.path, $0.key.status) < ($1.key.path, $1.key.status) }
            add(
                "requests_total", "counter", "Requests answered.",
                kinds.map { ("{path=\"\($0.key.path.labelValue)\",status=\"\($0.key.status)\"}", "\($0.value)") })
            add(
                "cancelled_total", "counter", "Requests whose client went away before the answer was complete.",
                [("", "\(cancellations)")])
            add("prompt_tokens_total", "counter", "Tokens of prompts.", [("", "\(promptTokens)")])
            add(
                "cached_tokens_total", "counter", "Tokens of prompts that were not read again.",
                [("", "\(cachedTokens)")])
            add("generated_tokens_total", "counter", "Tokens generated.", [("", "\(generatedTokens)")])
            add("steps_total", "counter", "Forward passes.", [("", "\(steps)")])
            add("step_texts_total", "counter", "Texts summed over all forward passes.", [("", "\(stepTexts)")])
            let loads = loads.sorted { $0.key < $1.key }.map {
                (labels: "{model=\"\($0.key.labelValue)\"}", load: $0.value)
            }
            add(
                "texts_active", "gauge", "Texts being generated.",
                loads.map { ($0.labels, "\($0.load.active)") })
            add(
                "texts_waiting", "gauge", "Texts waiting.",
                loads.map { ($0.labels, "\($0.load.waiting)") })
            lines += requestSeconds.lines("request_seconds", "Time until the answer of a request was complete.")
            lines += firstTokenSeconds.lines("first_token_seconds", "Time until the first token of a request.")
            if let bytes = Memory.resident {
                add("resident_memory_bytes", "gauge", "Memory of the process.", [("", "\(bytes)")])
            }
            return lines.joined(separator: "\n") + "\n"
        }
    }
}

extension String {
    /// As Prometheus' text format has it between quotation marks.
    fileprivate var labelValue: String {
        replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// How often durations were at most so long.
private struct Histogram {
    private static let bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250]
    private var counts = [Int](repeating: 0, count: bounds.count)
    private var count = 0
    private var sum = 0.0

    mutating func add(_ seconds: Double) {
        for (index, bound) in Histogram.bounds.enumerated() where seconds <= bound { counts[index] += 1 }
        count += 1
        sum += seconds
    }

    func lines(_ name: String, _ help: String) -> [String] {
        let buckets = zip(Histogram.bounds, counts).map { "switchback_\(name)_bucket{le=\"\($0)\"} \($1)" }
        return ["# HELP switchback_\(name) \(help)", "# TYPE switchback_\(name) histogram"] + buckets + [
            "switchback_\(name)_bucket{le=\"+Inf\"} \(count)", "switchback_\(name)_sum \(sum)",
            "switchback_\(name)_count \(count)",
        ]
    }
}
