import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

/// What a doctor sees in texts.
@Suite struct ExaminationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Sentences that differ: a number in words of its digits.
    private func sentence(_ number: Int) -> String {
        let words = ["nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        return "\(number)".compactMap { $0.wholeNumberValue.map { words[$0] } }.joined(separator: " ")
    }

    private func sentiment(training: [String], heldOut: [String]) throws -> [DoctorCheck.Name: DoctorCheck] {
        _ = try folder.write(training.map { $0 + "\n" }.joined(), to: "train.tsv")
        _ = try folder.write(heldOut.map { $0 + "\n" }.joined(), to: "dev.tsv")
        var configuration = SentimentConfiguration()
        configuration.data = folder.path("")
        return Dictionary(try configuration.makeTask().dataChecks().map { ($0.name, $0) }) { _, last in last }
    }

    @Test func sentencesAreCompared() throws {
        func lines(_ range: Range<Int>) -> [String] { range.map { "\(sentence($0))\t\($0 % 2)" } }
        let sound = try sentiment(training: lines(1000..<1080), heldOut: lines(2000..<2020))
        #expect(sound.count == 2 && sound.values.allSatisfy { $0.outcome == .passed }, "\(sound)")
        let leaking = try sentiment(training: lines(1000..<1080), heldOut: lines(1070..<1090))
        #expect(leaking[.leaks]?.outcome == .failed)
        #expect(leaking[.leaks]?.finding.contains("train.tsv line 71 and dev.tsv line 1") ?? false, "\(leaking)")
        let torn = lines(1000..<1080) + lines(1000..<1010).map { String($0.dropLast()) + ($0.last == "0" ? "1" : "0") }
        let conflict = try sentiment(training: torn, heldOut: lines(2000..<2020))
        #expect(
            conflict.values.contains { $0.finding.contains("train.tsv line 1 and train.tsv line 81") }, "\(conflict)")
    }

    /// Sentences that differ in one word of many are the same; short ones are not.
    @Test func nearCopiesOfSentencesAreFound() throws {
        func long(_ number: Int, _ end: String) -> String { "\(sentence(number)) \(sentence(number * 7919)) \(end)" }
        let training = (1000..<1080).map { "\(long($0, "is so"))\t\($0 % 2)" }
        let near = (1070..<1090).map { "\(long($0, "is not so").uppercased()).\t\($0 % 2)" }
        let check = try sentiment(training: training, heldOut: near)[.leaks]
        #expect(check?.finding.hasPrefix("10 of 20 held-out sentences are also") ?? false, "\(check as Any)")
        let short = try sentiment(
            training: (1000..<1080).map { "\(sentence($0))\t\($0 % 2)" },
            heldOut: (1070..<1090).map { "\(sentence($0)) more\t\($0 % 2)" })[.leaks]
        #expect(short?.outcome == .passed, "\(short as Any)")
    }

    private func text(_ training: Range<Int>, _ heldOut: Range<Int>) throws -> DoctorCheck? {
        func text(_ range: Range<Int>) -> String { range.map { sentence($0 * 7919) }.joined(separator: "\n") }
        _ = try folder.write(text(training) + "\n" + text(heldOut), to: "text.txt")
        var configuration = LanguageTrainingConfiguration()
        configuration.data = folder.path("text.txt")
        configuration.heldOut = Double(text(heldOut).count) / Double(text(training).count + text(heldOut).count + 1)
        return try LanguageTraining(configuration).task.dataChecks().first
    }

    @Test func passagesThatAreRepeatedAreFound() throws {
        let sound = try text(1..<400, 500..<560)
        #expect(sound?.outcome == .passed && sound?.finding.hasPrefix("0 passages") ?? false, "\(sound as Any)")
        let repeated = try text(1..<400, 100..<160)
        #expect(repeated?.outcome == .failed, "\(repeated as Any)")
    }

    @Test func aLanguageModelIsExamined() throws {
        _ = try folder.write((1..<2000).map { sentence($0) }.joined(separator: "\n"), to: "text.txt")
        var configuration = LanguageTrainingConfiguration()
        configuration.data = folder.path("text.txt")
        configuration.contextLength = 16
        let training = try LanguageTraining(configuration)
        var doctor = Doctor()
        doctor.seconds = 20
        let report = try doctor.examine(training.task, training.trainingConfiguration)
        #expect(report.failures.isEmpty, "\(report)")
        #expect(report.checks.contains { $0.name == .startLoss && $0.finding.contains("guessing evenly") }, "\(report)")
    }
}
