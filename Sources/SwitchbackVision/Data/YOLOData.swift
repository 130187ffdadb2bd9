import Foundation
import Switchback
import SwitchbackFormats

/// Data as Ultralytics describes it: a YAML file names folders of images and the classes, and an image's boxes are in a
/// text file of the same name, in `labels` where the image is in `images`.
package enum YOLOData {
    static func load(_ path: String, for task: YOLOTask) throws -> DetectionData {
        let description = try DataDescription.load(path)
        if task == .pose && description.keypoints == nil {
            throw InputError(
                path, "the key kpt_shape is missing, which gives the number of keypoints and of their numbers",
                remedy: description.likelyKeypointKey.map { "is \($0) meant to be kpt_shape?" }
                    ?? "as in kpt_shape: [17, 3]")
        }
        let keypoints = task == .pose ? description.keypoints : nil
        var (problems, remarks) = ([InputError](), description.remarks)
        var (folders, allImages): ([String], [String]) = ([], [])
        var splits: [DataSplit: [DetectionExample]] = [:]
        for split in DataSplit.allCases {
            guard let places = description.places[split] else { continue }
            let files = try places.flatMap { try images(in: $0, root: description.root) }
            guard !files.isEmpty else {
                throw InputError(
                    path, at: "key \(split.rawValue)", "there are no images in \(places.joined(separator: ", "))")
            }
            let results = LabelCache.examples(
                files, of: path, for: task, classCount: description.classNames.count, keypoints: keypoints
            ) {
                example($0, for: task, classNames: description.classNames, keypoints)
            }
            let examples = results.compactMap { try? $0.get() }
            splits[split] = examples
            remarks += examples.flatMap(\.remarks)
            problems += results.flatMap { result -> [InputError] in
                if case .failure(let failure) = result { return failure.problems }
                return []
            }
            folders += places.filter(Folder.isFolder)
            allImages += files
        }
        let stray = try strayLabels(folders, allImages).map { "\($0): there is no image for these labels" }
        return DetectionData(
            kind: "YOLO labels", path: path, classNames: description.classNames, splits: splits, problems: problems,
            remarks: remarks + stray, keypoints: keypoints)
    }

    /// Files of labels in the folders of labels that belong to none of the images.
    private static func strayLabels(_ places: [String], _ images: [String]) throws -> [String] {
        let known = Set(images.map(labelPath))
        let folders = places.map { Folder.parent(labelPath(ofImage: Folder.join($0, "any.jpg"))) }
        return try Set(folders).sorted().filter(Folder.isFolder).flatMap { folder in
            try Folder.files(under: folder, extensions: ["txt"]).filter {
                !known.contains($0) && !isNote($0)
            }
        }
    }

    /// The folder of labels in one that nothing describes: it lies beside `images`, or both do in the folder of a part.
    package static func undescribedLabels(in path: String) throws -> String? {
        let parts = try Folder.names(in: path).filter { DataSplit(folderName: $0) != nil }.map { Folder.join(path, $0) }
        return ([path] + parts).first { folder in
            ["images", "labels"].allSatisfy { Folder.isFolder(Folder.join(folder, $0)) }
        }.map { Folder.join($0, "labels") }
    }

    /// Whether it is one of the notes that other programs put beside labels: `classes.txt`, `README.dataset.txt`.
    private static func isNote(_ path: String) -> Bool {
        let name = (path as NSString).lastPathComponent.lowercased()
        return name == "classes.txt" || name.hasPrefix("readme")
    }

    /// Why an example cannot be used.
    package struct Failure: Error {
        let problems: [InputError]

        package init(problems: [InputError]) { self.problems = problems }
    }

    private static func example(
        _ path: String, for task: YOLOTask, classNames: [String], _ keypoints: KeypointLayout?
    ) -> Result<DetectionExample, Failure> {
        do {
            let header = try ImageSurvey.header(path)
            let file = labelPath(ofImage: path)
            let read = try YOLOLabels(
                file, for: task, classCount: classNames.count, keypoints: keypoints, height: header.height,
                width: header.width)
            var example = DetectionExample(
                imagePath: path, height: header.height, width: header.width, labels: read.labels,
                isLabeled: Folder.exists(file))
            example.remarks = read.remarks
            return .success(example)
        } catch let failure as Failure {
            return .failure(failure)
        } catch {
            return .failure(Failure(problems: [error as? InputError ?? InputError(path, "\(error)")]))
        }
    }

    /// Where the labels of an image are: the last `/images/` becomes `/labels/`, and the ending `.txt`.
    package static func labelPath(ofImage path: String) -> String {
        let text = (path as NSString).deletingPathExtension + ".txt"
        guard let range = text.range(of: "/images/", options: .backwards) else { return text }
        return text.replacingCharacters(in: range, with: "/labels/")
    }

    /// The images of one place: a folder, an image, or a text file with a path on each line, relative to the file's
    /// folder, to the data's or to the current one.
    ///
    /// - Parameter root: the data's folder.
    package static func images(in place: String, root: String? = nil) throws -> [String] {
        let ending = (place as NSString).pathExtension.lowercased()
        if Image.fileExtensions.contains(ending), !Folder.isFolder(place) { return [place] }
        guard ending == "txt" else { return try ImageSurvey.files(under: place) }
        let folders = [Folder.parent(place)] + (root.map { [$0] } ?? []) + ["."]
        return try TextFile.rows(place).compactMap { line in
            var name = line.trimmingCharacters(in: .whitespaces)
            if name.isEmpty { return nil }
            if name.hasPrefix("./") || name.hasPrefix(".\\") { name = String(name.dropFirst(2)) }
            let places = folders.map { WindowsPath.inFolder($0, name) }
            return places.first(where: Folder.exists) ?? places[0]
        }
    }
}

extension DetectionData {
    /// Throws `InputError` where there is nothing to find in any image, which says where labels were looked for.
    public func checkForObjects() throws {
        let examples = splits.values.joined()
        guard examples.contains(where: \.isLabeled) else {
            let file = examples.prefix(1).map { YOLOData.labelPath(ofImage: $0.imagePath) }.first
            throw InputError(
                path, "no image has labels" + (file.map { ": there is no \($0), for example" } ?? ""),
                remedy: "labels are .txt files in labels where the images are in images, or beside the images")
        }
        guard examples.contains(where: { !$0.labels.isEmpty }) else {
            throw InputError(path, "no object is marked in \(examples.count.counted("image"))")
        }
    }
}
