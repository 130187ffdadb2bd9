import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// A command line that cannot be understood.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Looks at the words before the options, because the parser does not suggest commands.
enum CommandNames {
    /// Throws where a word is not a command but stands where one must.
    static func check(_ arguments: [String], in root: any ParsableCommand.Type) throws {
        let (command, words) = named(by: arguments, in: root)
        let names = command.configuration.subcommands.compactMap { $0.configuration.commandName }
        guard let word = words.first, !names.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
        // What is not a command is then the default one's argument, unless it looks like a slip of the pen.
        let isArgument = command.configuration.defaultSubcommand != nil
        if isArgument && (word.nearest(in: names) == nil || FileManager.default.fileExists(atPath: word)) { return }
        let path = (["switchback"] + arguments[..<words.startIndex]).joined(separator: " ")
        throw UsageError("'\(word)' is not a command of \(path); \(suggestion(for: word, among: names))")
    }

    /// The command that the first words name, and the words after those.
    private static func named(
        by arguments: [String], in root: any ParsableCommand.Type
    ) -> (command: any ParsableCommand.Type, words: ArraySlice<String>) {
        var command = root
        var words = arguments[...]
        while let word = words.first,
            let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word })
        {
            command = next
            words = words.dropFirst()
        }
        return (command, words)
    }

    /// The command that is run, a default one if it is not named, and the words after its name.
    static func command(
        of arguments: [String], in root: any ParsableCommand.Type
    ) -> (any ParsableCommand.Type, ArraySlice<String>) {
        let (command, words) = named(by: arguments, in: root)
        return (command.configuration.defaultSubcommand ?? command, words)
    }

    /// A hint for an unknown name: the nearest one, or the list of all.
    static func suggestion(for word: String, among names: [String]) -> String {
        if let nearest = word.nearest(in: names) { return "did you mean '\(nearest)'?" }
        return "there are \(names.joined(separator: ", "))"
    }
}

/// Values of options that the parser would take for something else.
enum OptionValues {
    /// The arguments with `--lr0 -1` as `--lr0=-1`, which would be an option of its own, and with `--imgsz 480 640` as
    /// `--imgsz=480x640`, of which the second would be an argument.
    static func attached(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        var result: [String] = []
        for word in arguments[..<end] {
            if word.hasPrefix("-"), Double(word) != nil, let option = result.last, option.hasPrefix("--"),
                !option.contains("=")
            {
                result[result.count - 1] = "\(option)=\(word)"
            } else if isSide(word), result.count > 1, isSide(result[result.count - 1]),
                result[result.count - 2] == "--imgsz"
            {
                result[(result.count - 2)...] = ["--imgsz=\(result[result.count - 1])x\(word)"]
            } else {
                result.append(word)
            }
        }
        return result + arguments[end...]
    }

    /// Cameras have smaller numbers.
    private static func isSide(_ word: String) -> Bool { Int(word).map { $0 >= YOLO.stride } ?? false }
}

/// Readers for the values of options, each with a sentence for what it does not accept.
enum Value {
    /// One of the names of an enumeration.
    static func choice<Choice: CaseIterable & RawRepresentable<String>>(_ text: String) throws -> Choice {
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue)
            throw ValidationError(CommandNames.suggestion(for: text, among: names))
        }
        return choice
    }

    /// One of several names, in any case.
    static func name(among names: [String]) -> @Sendable (String) throws -> String {
        { text in
            let lower = text.lowercased()
            if let name = names.first(where: { $0.lowercased() == lower }) { return name }
            let nearest = lower.nearest(in: names.map { $0.lowercased() })
            let meant = names.first { $0.lowercased() == nearest }
            throw ValidationError(CommandNames.suggestion(for: meant ?? text, among: names))
        }
    }

    /// An integer. For options of a training: its configuration knows which ones they can have.
    static func integer<Integer: FixedWidthInteger>(_ text: String) throws -> Integer {
        guard let number = Integer(text) else {
            let isTooLarge = text.wholeMatch(of: /[+-]?[0-9]+/) != nil
            let limits = isTooLarge ? " from \(Integer.min) to \(Integer.max)" : ""
            throw ValidationError("a whole number\(limits) is needed")
        }
        return number
    }

    static func integer(in range: NumberRange) -> @Sendable (String) throws -> Int {
        { text in
            guard let number = Int(text) else {
                throw ValidationError(range.description(isWhole: true) + " is needed")
            }
            if let problem = range.problem(with: Double(number), isWhole: true) { throw ValidationError(problem) }
            return number
        }
    }

    /// The side of a detector's input in pixels: rounded up, with a warning, to whole cells of the coarsest map.
    static func side(_ text: String) throws -> Int {
        guard let number = Int(text), (1...8192).contains(number) else { return try integer(in: YOLO.sides)(text) }
        let side = wholeCells(number)
        if side != number { Diagnostics.warn("imgsz \(number) is not a multiple of \(YOLO.stride): \(side) is used") }
        return side
    }

    /// A side, or height and width as in `480x640`, rounded up likewise. Ultralytics' `480,640` and `[480, 640]` are read too.
    static func imageSize(_ text: String) throws -> InputSize {
        let plain = text.filter { !"[] ".contains($0) }
        let sides = plain.split(omittingEmptySubsequences: false) { "x,".contains($0) }
        if sides.count == 1 { return InputSize(try side(plain)) }
        guard sides.count == 2, let height = Int(sides[0]), let width = Int(sides[1]), (1...8192).contains(height),
            (1...8192).contains(width)
        else { throw ValidationError("a side, or height and width as in 480x640, are needed, up to 8192") }
        let size = InputSize(height: wholeCells(height), width: wholeCells(width))
        if size != InputSize(height: height, width: width) {
            Diagnostics.warn(
                "imgsz \(text) is not of multiples of \(YOLO.stride): \(size.height)x\(size.width) is used")
        }
        return size
    }

    /// A side for commands that have one size for images of all shapes; of height and width the longer one, said.
    static func longerSide(_ text: String) throws -> Int {
        let size = try imageSize(text)
        if size.height != size.width {
            Diagnostics.warn(
                "imgsz \(text): images of all shapes are scaled by one side here, and \(size.longer) is used")
        }
        return size.longer
    }

    private static func wholeCells(_ side: Int) -> Int { (side + YOLO.stride - 1) / YOLO.stride * YOLO.stride }

    /// A number. For options of a training: its configuration knows which ones they can have.
    static func number(_ text: String) throws -> Double {
        guard let number = Double(text) else { throw ValidationError("a number is needed") }
        return number
    }

    static func number(in range: NumberRange) -> @Sendable (String) throws -> Double {
        { text in
            guard let number = Double(text) else {
                throw ValidationError(range.description(isWhole: false) + " is needed")
            }
            if let problem = range.problem(with: number) { throw ValidationError(problem) }
            return number
        }
    }

    /// A size of batches; `auto` is −1, what fits into memory.
    static func batch(_ text: String) throws -> Int { text == "auto" ? -1 : try integer(text) }

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
            "The number of compute threads; does not affect results. (default: all CPUs)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 256)))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "The device to compute on; 'switchback info' lists them. (default: \(Device.names[0]))", valueName: "name"),
        transform: Value.name(among: Device.names))
    var device = Device.names[0]

    @Flag(help: "Print the result as one line of JSON, at the end.")
    var json = false

    func apply() {
        if let threads { Processor.threadCount = threads }
        if let backend = Device.named(device) { Tensor.useBackend(backend) }
    }
}
