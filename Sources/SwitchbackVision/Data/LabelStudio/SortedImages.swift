import Foundation
import Switchback
import SwitchbackFormats

/// Images that are each of one class, as choices in Label Studio say.
///
/// ```swift
/// let sorted = try SortedImages.load("project.json")
/// try sorted.write(to: "sorted")
/// ```
public struct SortedImages: Sendable {
    public struct Example: Sendable {
        public let imagePath, className: String
        public let split: DataSplit
    }

    public let path: String
    /// In alphabetical order.
    public let classNames: [String]
    public let examples: [Example]
    /// What cannot be used, all of it. The images are left out.
    public let problems: [InputError]
    /// What is worth knowing beside that.
    public let remarks: [String]

    /// Every fifth image of a class is for validation.
    private static let validationShare = 5

    /// Those of a folder with an export of Label Studio that has choices of whole images and no objects; `nil` without one.
    ///
    /// - Throws: `InputError` where the export cannot be read, or no image has a choice.
    package static func find(in folder: String) throws -> SortedImages? {
        guard let file = try LabelStudioFile.find(in: folder).map(LabelStudioFile.init) else { return nil }
        let regions = file.tasks.flatMap { $0.chosen?.annotation.result ?? [] }.compactMap { try? $0.result.get() }
        guard regions.contains(where: { $0.type == "choices" }),
            !regions.contains(where: { $0.value?.labels.isEmpty == false })
        else { return nil }
        return try SortedImages(file)
    }

    /// Reads a file that Label Studio exported as JSON, beside whose images lie, or the folder that it is in.
    ///
    /// - Throws: `InputError` where it is something else, or no image has a choice.
    public static func load(_ path: String) throws -> SortedImages {
        guard let file = try Folder.isFolder(path) ? LabelStudioFile.find(in: path) : path else {
            throw InputError(path, "holds no export of Label Studio", remedy: "it is a file that ends in .json")
        }
        return try SortedImages(LabelStudioFile(file))
    }

    private init(_ file: LabelStudioFile) throws {
        path = file.path
        let images = try LabelStudioImages(beside: file.path)
        var (problems, remarks) = (file.problems, [String]())
        var found: [(imagePath: String, className: String)] = []
        var questions: Set<String> = []
        for (number, task) in file.tasks.enumerated() {
            let place = "task \(task.name(number))"
            do {
                guard let chosen = task.chosen else { continue }
                if let remark = chosen.remark { remarks.append("\(file.path), \(place): \(remark)") }
                guard let choice = try Self.choice(in: chosen.annotation) else { continue }
                questions.formUnion(choice.questions)
                let imagePath = try images.path(of: task)
                _ = try ImageSurvey.header(imagePath)
                found.append((imagePath, choice.className))
            } catch let problem as LabelStudioProblem {
                problems.append(InputError(file.path, at: place, problem.sentence))
            } catch let problem as InputError {
                problems.append(problem)
            }
        }
        guard questions.count < 2 else {
            throw InputError(
                file.path, "has choices of \(questions.count) questions: \(questions.sorted().joined(separator: ", "))",
                remedy: "export a project with one")
        }
        guard !found.isEmpty else {
            let first = problems.first.map { "; the first problem: \($0)" } ?? ""
            throw InputError(file.path, "has no image with a choice\(first)")
        }
        let others = file.tasks.count - found.count - (problems.count - file.problems.count)
        if others > 0 { remarks.append("\(file.path): \(others.counted("task")) without a choice left out") }
        (self.problems, self.remarks) = (problems, remarks)
        classNames = Set(found.map(\.className)).sorted()
        examples = Self.split(found)
    }

    /// What an annotation says of the whole image; `nil` if nothing.
    private static func choice(
        in annotation: LabelStudioTask.Annotation
    ) throws -> (questions: Set<String>, className: String)? {
        let choices = annotation.result.compactMap { try? $0.result.get() }.filter { $0.type == "choices" }
        let names = choices.flatMap { $0.value?.choices ?? [] }
        guard let name = names.first else { return nil }
        let questions = Set(choices.compactMap(\.from_name))
        // Several questions are refused as a whole, below.
        guard names.count == 1 || questions.count > 1 else {
            throw LabelStudioProblem("has \(names.count) choices, and an image is of one class")
        }
        if let problem = ClassFolders.problem(withName: name) {
            throw LabelStudioProblem("the choice \(name): \(problem)")
        }
        return (questions, name)
    }

    private static func split(_ images: [(imagePath: String, className: String)]) -> [Example] {
        var seen: [String: Int] = [:]
        return images.map { imagePath, className in
            seen[className, default: 0] += 1
            let isHeldOut = seen[className]?.isMultiple(of: validationShare) == true
            return Example(imagePath: imagePath, className: className, split: isHeldOut ? .val : .train)
        }
    }

    /// Warns of each problem, because of which something is left out, and of what else is worth knowing.
    public func warnOfProblems() {
        for problem in problems { Diagnostics.warn("left out: \(problem)") }
        for remark in remarks { Diagnostics.warn(remark) }
    }

    /// Writes a folder for each class, `train/CLASS/…` and `val/CLASS/…`, to a new folder, which appears whole or not at
    /// all.
    ///
    /// - Parameter copies: whether images are copied, or hard links to them are made, which take no space.
    /// - Throws: `InputError` where the folder exists already, or cannot be written.
    public func write(to folder: String, copies: Bool = true) throws {
        try ImageFolderWriter.make(folder, copies: copies) { writer in
            var files = writer
            for example in examples {
                _ = try files.place(example.imagePath, in: "\(example.split.rawValue)/\(example.className)")
            }
        }
    }
}
