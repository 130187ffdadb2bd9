import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

extension String {
    /// As a shell reads it: in quotes if there is more in it than letters, digits and signs that mean nothing there.
    var quoted: String {
        let isPlain = !isEmpty && allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+@%".contains($0) }
        return isPlain ? self : "'\(replacing("'", with: "'\\''"))'"
    }
}

/// The text shown to the user.
enum Terminal {
    /// Whether a person is watching, so that a line can be written over.
    static let isInteractive = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// How many characters fit on a line.
    static var columnCount: Int {
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    /// Prints a line, or several. Names from outside stand in them: what a terminal would obey is shown instead.
    static func print(_ line: String) throws { try draw(line.printable(keepsLines: true) + "\n") }

    /// Prints a text, or a piece of one: as it is where it goes to a file or another program.
    static func write(_ text: String) throws {
        try draw(isatty(STDOUT_FILENO) == 1 ? text.printable(keepsLines: true) : text)
    }

    /// Prints text of the program's own, which may move the cursor. Throws where the standard output takes no more.
    static func draw(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw InputError("standard output", "cannot be written to")
        }
    }

    /// Prints the result of a command as JSON.
    static func printJSON(_ result: some Encodable) throws {
        try print(JSON.text(result, keys: .convertToSnakeCase))
    }

    /// Prints an error message to standard error.
    static func complain(_ sentence: String) {
        try? FileHandle.standardError.write(contentsOf: Data("switchback: \(sentence.printable())\n".utf8))
    }
}
