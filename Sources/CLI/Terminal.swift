import Foundation
import Switchback

/// What the user sees.
enum Terminal {
    /// Whether a person is watching, so that a line can be written over.
    static let isInteractive = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// How many characters fit on a line.
    static var columnCount: Int {
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    /// Prints a line.
    static func print(_ line: String) throws { try write(line + "\n") }

    /// Prints text as it is. Throws where the standard output takes no more.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw InputError("standard output", "cannot be written to")
        }
    }

    /// Prints the result of a command as JSON.
    static func printJSON(_ result: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }

    /// Says on the standard error what went wrong.
    static func complain(_ sentence: String) {
        try? FileHandle.standardError.write(contentsOf: Data("switchback: \(sentence)\n".utf8))
    }
}

/// A line that is written over while an epoch goes on.
struct ProgressLine {
    private var lastDrawn = ContinuousClock.now - .seconds(1)

    /// Draws a bar with text to both sides, at most ten times a second.
    mutating func draw(_ left: String, fraction: Double, _ right: String) throws {
        guard Terminal.isInteractive, ContinuousClock.now - lastDrawn > .milliseconds(100) else { return }
        lastDrawn = .now
        // A line that the terminal breaks could not be written over.
        let columns = Terminal.columnCount - 1
        let width = max(0, min(24, columns - left.count - right.count - 4))
        let filled = Int(fraction * Double(width))
        let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: width - filled)
        try Terminal.write("\r\u{1B}[2K" + "\(left)  \(bar)  \(right)".prefix(columns))
    }

    /// Removes the line.
    func clear() throws {
        if Terminal.isInteractive { try Terminal.write("\r\u{1B}[2K") }
    }
}

extension Double {
    /// With so many digits after the point.
    func formatted(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }

    /// A share as percents.
    var percent: String { (self * 100).formatted(2) + " %" }

    /// Seconds as minutes and seconds.
    var clock: String {
        let seconds = Int(rounded(.up))
        return "\(seconds / 60):" + String(format: "%02d", seconds % 60)
    }
}

extension Int {
    /// With a comma after every three digits.
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = self < 0 ? "-" : ""
        for (position, digit) in digits.enumerated() {
            if position > 0 && (digits.count - position) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }
}
