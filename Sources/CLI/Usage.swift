import ArgumentParser
import Foundation
import Switchback

/// A command line that cannot be understood.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Looks at the words before the options, because the parser does not suggest commands.
enum CommandNames {
    /// Throws where a word is no command but stands where one must.
    static func check(_ arguments: [String], in root: any ParsableCommand.Type) throws {
        var path = "switchback"
        var command = root
        for word in arguments {
            let names = command.configuration.subcommands.compactMap { $0.configuration.commandName }
            if names.isEmpty || word.hasPrefix("-") || word == "help" { return }
            guard let position = names.firstIndex(of: word) else {
                // What is no command is then the default one's argument, unless it looks like a slip of the pen.
                let isArgument = command.configuration.defaultSubcommand != nil
                if isArgument && (word.nearest(in: names) == nil || FileManager.default.fileExists(atPath: word)) {
                    return
                }
                throw UsageError("'\(word)' is no command of \(path)\(suggestion(for: word, among: names))")
            }
            command = command.configuration.subcommands[position]
            path += " \(word)"
        }
    }

    /// What to say after a name that is unknown: the nearest one, or the list of what there is.
    static func suggestion(for word: String, among names: [String]) -> String {
        if let nearest = word.nearest(in: names) { return "; did you mean '\(nearest)'?" }
        return "; there are \(names.joined(separator: ", "))"
    }
}

/// Readers for the values of options, each with a sentence for what it does not accept.
enum Value {
    /// One of the names of an enumeration.
    static func choice<Choice: CaseIterable & RawRepresentable<String>>(_ text: String) throws -> Choice {
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue)
            throw ValidationError("there is no '\(text)'" + CommandNames.suggestion(for: text, among: names))
        }
        return choice
    }

    static func positiveInteger(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else {
            throw ValidationError("a whole number of at least 1 is needed")
        }
        return number
    }

    static func naturalNumber(_ text: String) throws -> Int {
        guard let number = Int(text), (0...64).contains(number) else {
            throw ValidationError("a whole number from 0 to 64 is needed")
        }
        return number
    }

    static func wholeNumber(_ text: String) throws -> Int {
        guard let number = Int(text), (0...1_000_000).contains(number) else {
            throw ValidationError("a whole number from 0 to 1000000 is needed")
        }
        return number
    }

    static func count(_ text: String) throws -> Int {
        guard let number = Int(text), number >= 0 else {
            throw ValidationError("a whole number of at least 0 is needed")
        }
        return number
    }

    /// A size of batches; −1 or `auto` for what fits into memory.
    static func batch(_ text: String) throws -> Int {
        guard let number = text == "auto" ? -1 : Int(text), number > 0 || number == -1 else {
            throw ValidationError("a whole number of at least 1 is needed, or -1 for what fits into memory")
        }
        return number
    }

    static func threadCount(_ text: String) throws -> Int {
        guard let number = Int(text), (1...256).contains(number) else {
            throw ValidationError("a whole number from 1 to 256 is needed")
        }
        return number
    }

    static func port(_ text: String) throws -> Int {
        guard let number = Int(text), (0...65535).contains(number) else {
            throw ValidationError("a whole number from 0 to 65535 is needed")
        }
        return number
    }

    static func positiveNumber(_ text: String) throws -> Double {
        guard let number = Double(text), number > 0, number.isFinite else {
            throw ValidationError("a number greater than 0 is needed")
        }
        return number
    }

    static func nonNegativeNumber(_ text: String) throws -> Double {
        guard let number = Double(text), number >= 0, number.isFinite else {
            throw ValidationError("a number of at least 0 is needed")
        }
        return number
    }

    static func fraction(_ text: String) throws -> Double {
        guard let number = Double(text), number >= 0, number < 1 else {
            throw ValidationError("a number from 0 to below 1 is needed")
        }
        return number
    }

    static func probability(_ text: String) throws -> Double {
        guard let number = Double(text), (0...1).contains(number) else {
            throw ValidationError("a number from 0 to 1 is needed")
        }
        return number
    }

    static func positivePart(_ text: String) throws -> Double {
        guard let number = Double(text), number > 0, number <= 1 else {
            throw ValidationError("a number above 0, and at most 1, is needed")
        }
        return number
    }

    /// The name of a folder, not a path.
    static func folderName(_ text: String) throws -> String {
        guard !text.isEmpty, !text.contains("/"), text != ".", text != ".." else {
            throw ValidationError("a name without slashes is needed")
        }
        return text
    }
}

extension CaseIterable where Self: RawRepresentable<String> {
    /// The names of the cases, for help texts.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// The options that every command has.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Threads to compute with; all processors if left out. Results do not depend on it.", valueName: "n"),
        transform: Value.threadCount)
    var threads: Int?

    @Flag(help: "Print the result as one JSON object, on the last line.")
    var json = false

    func apply() {
        if let threads { Processor.threadCount = threads }
    }
}
