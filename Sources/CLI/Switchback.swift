import ArgumentParser
import Foundation
import Switchback

/// `switchback TASK MODE --option value`.
@main
struct SwitchbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchback",
        abstract: "Train and run neural networks on the CPU.",
        discussion: """
            EXAMPLES
              switchback doctor classify --data digits
              switchback classify train --data digits
              switchback classify train --data path/to/mnist --model cnn --epochs 2
              switchback classify val --model runs/classify/train --data digits
              switchback runs list
              switchback diagnose runs/classify/train
              switchback text train --data shakespeare.txt
              switchback serve runs/chat/train
              switchback info

            Every command explains itself with --help and prints its result as JSON with --json.

            EXIT CODES
              0    done
              1    an input cannot be used, or the work failed
              2    invalid command line: an unknown name or option, or an invalid value
              130  interrupted by Ctrl-C; 143 if terminated (SIGTERM)
            """,
        version: Version.current,
        subcommands: [
            Classify.self, Detect.self, Segment.self, Pose.self, OrientedBoxes.self, Text.self, Sentiment.self,
            Translate.self, Chat.self, Fetch.self, Serve.self, Studio.self, DataCommand.self, Onnx.self, Runs.self,
            DoctorCommand.self, Diagnose.self, Info.self,
        ])

    /// Parses, runs, and answers every error with one sentence, and the exit codes that the help lists.
    static func main() async {
        Interruption.install()
        let arguments = OptionValues.attached(Array(CommandLine.arguments.dropFirst()))
        do {
            try CommandNames.check(arguments, in: Self.self)
            var command = try parseAsRoot(arguments)
            if let problem = Processor.environmentProblems.first { throw problem }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try catchingErrors { try command.run() }
            }
            Processes.finish()
        } catch {
            Foundation.exit(Processes.end(after: error) { report($0, arguments) })
        }
    }

    /// Prints the error; returns the exit code.
    private static func report(_ error: Error, _ arguments: [String]) -> Int32 {
        switch error {
        case let error as InputError:
            Terminal.complain(ended("\(error)"))
            return 1
        case let error as ShapeError:
            Terminal.complain(ended("\(error)"))
            return 1
        case let error as UsageError:
            Terminal.complain(ended("\(error)"))
            return 2
        case let error as LocatedError:
            Terminal.complain(ended("\(error)"))
            return 1
        case let code as ExitCode:
            return code.rawValue
        default:
            if exitCode(for: error) == .success {
                print(fullMessage(for: error))
                return 0
            }
            let clause = OptionNames.problem(in: arguments, of: Self.self) ?? sentence(message(for: error))
            Terminal.complain(clause + "\(clause.last == "?" ? " See" : "; see") \(helpCommand(for: error)).")
            return 2
        }
    }

    /// The sentence with a full stop, unless it is a question.
    private static func ended(_ sentence: String) -> String { sentence.last == "?" ? sentence : sentence + "." }

    /// The parser's message, which may be several sentences and lines, as one clause that names a value as other
    /// messages do.
    private static func sentence(_ message: String) -> String {
        let line = message.split(separator: "\n").joined(separator: " ")
            .replacing(". Did you mean", with: "; did you mean")
            .replacing(#/^The value '(.*?)' is invalid for '([^' ]+).*?': /#) { "\($0.output.2) is \($0.output.1); " }
        return line.last == "." ? String(line.dropLast()) : line
    }

    /// The command that prints the help for the command line that failed: its usage line begins with the command's
    /// name.
    private static func helpCommand(for error: Error) -> String {
        let words = fullMessage(for: error).split(separator: "\n").first { $0.hasPrefix("Usage:") }?
            .split(separator: " ").dropFirst().prefix { $0.first?.isLetter ?? false }
        return (words?.joined(separator: " ") ?? "switchback") + " --help"
    }
}

enum Version {
    static let current = "0.1.0"
}
