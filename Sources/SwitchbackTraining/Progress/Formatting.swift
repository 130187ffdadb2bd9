import Foundation
import Switchback

// Numbers as people read them.

extension Double {
    /// A share as percents.
    package var percent: String { (self * 100).formatted(2) + " %" }

    /// Seconds as hours, minutes and seconds.
    package var clock: String {
        guard isFinite, self < 1e8 else { return "?" }
        let seconds = Int(rounded(.up))
        let tail = String(format: "%02d", seconds % 60)
        if seconds < 3600 { return "\(seconds / 60):\(tail)" }
        return "\(seconds / 3600):" + String(format: "%02d", seconds / 60 % 60) + ":\(tail)"
    }

    /// Seconds in words: `1 hour 30 minutes`.
    package var inWords: String {
        guard isFinite, (0.5..<1e9).contains(self) else { return "\(self) seconds" }
        let whole = Int(rounded())
        let parts = [(whole / 3600, "hour"), (whole / 60 % 60, "minute"), (whole % 60, "second")]
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: " ")
    }
}

extension Metrics {
    /// In one line: `loss 0.1234  accuracy 97.46 %`.
    package var summary: String {
        map {
            $0.name.hasSuffix("accuracy") || $0.name == "top5"
                ? "\($0.name) \($0.value.percent)" : "\($0.name) \($0.value.formatted(4))"
        }
        .joined(separator: "  ")
    }
}
