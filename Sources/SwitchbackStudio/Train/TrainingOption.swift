import Foundation
import Switchback
import SwitchbackFormats

/// An option of a training command, as the command line declares it.
struct TrainingOption: Encodable, Equatable, Sendable {
    let name: String
    let help: String
    /// What stands in the help as the default.
    let usual: String?
    /// What the value is called: `n`, `rate`, `path`.
    let value: String
    let section: String
    let isFlag: Bool
    let isRepeating: Bool
}

/// The options of the training commands, which the program itself tells: the page has no list of its own.
struct TrainingOptions: Sendable {
    let command: Command

    /// The commands that train.
    static let tasks = [
        "detect", "segment", "pose", "obb", "classify", "text", "chat", "sentiment", "translate",
    ]
    /// What the studio chooses itself, or what does not train.
    private static let others: Set<String> = [
        "output", "resume", "quiet", "log", "json", "find-lr", "dry-run", "help", "version",
    ]
    private static let seconds = 20.0

    /// - Throws: `InputError` where there is no such task, or the program does not answer.
    func of(_ task: String) throws -> [TrainingOption] {
        guard TrainingOptions.tasks.contains(where: task.isExactly) else {
            let nearest = task.nearest(in: TrainingOptions.tasks)
            throw InputError(
                "request", at: "field task", "\(task) is none of \(TrainingOptions.tasks.joined(separator: ", "))",
                remedy: nearest.map { "did you mean \($0)?" })
        }
        let answer = try command.run([task, "train", "--experimental-dump-help"], seconds: TrainingOptions.seconds)
        // A warning may stand before it.
        let text = answer.output.drop { $0 != "{" }
        guard answer.code == 0, let help = try? JSON.decode(Help.self, Data(text.utf8)) else {
            throw InputError(command.program, "does not tell the options of \(task) train")
        }
        return help.command.arguments.compactMap(TrainingOption.init).filter {
            !TrainingOptions.others.contains($0.name)
        }
    }

    /// What the argument parser tells of a command.
    private struct Help: Decodable {
        struct Command: Decodable { let arguments: [Argument] }

        let command: Command
    }

    fileprivate struct Argument: Decodable {
        struct Name: Decodable { let kind, name: String }

        let kind: String
        let preferredName: Name?
        let abstract, valueName, sectionTitle: String?
        let shouldDisplay, isRepeating: Bool
    }
}

extension TrainingOption {
    /// `nil` for what has no long name, or is not shown in the help.
    fileprivate init?(_ argument: TrainingOptions.Argument) {
        guard let name = argument.preferredName, name.kind == "long", argument.shouldDisplay,
            ["option", "flag"].contains(argument.kind)
        else { return nil }
        self.name = name.name
        let text = argument.abstract ?? ""
        let usual = text.firstMatch(of: #/ ?\(default: (.*)\)/#)
        self.usual = usual.map { String($0.output.1) }
        help = usual.map { text.replacingCharacters(in: $0.range, with: "") } ?? text
        value = argument.valueName ?? ""
        section = argument.sectionTitle ?? ""
        isFlag = argument.kind == "flag"
        isRepeating = argument.isRepeating
    }
}
