import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// Puts images, with their labels where they have some, into the folders of a data set.
struct DataAdder {
    private let set: DataFolder
    /// The split for all; where it is `nil`, a fifth of the images is for validation, or an import's own splits count.
    private let split: DataSplit?
    /// The class of all, in a data set of class folders.
    private let className: String?
    /// How many seconds apart the frames of videos are.
    private let seconds: Double
    private var classNames: [String] = []
    /// Those that objects have.
    private var keypoints: KeypointLayout?
    private var places: [DataSplit: String] = [:]
    private var counts: [DataSplit: Int]
    private(set) var names: PlacedNames
    private(set) var report = AddingReport()
    private(set) var added: [AddedImage] = []

    /// Larger images would not be shown.
    private static let pixelLimit = 64_000_000
    private static let validationShare = 5

    /// - Parameters:
    ///   - counts: how many images each split has.
    ///   - names: what is known of names that are taken.
    /// - Throws: `InputError` where the data set takes no images from here.
    init(
        _ set: DataFolder, _ counts: [DataSplit: Int], _ names: PlacedNames, split: DataSplit?, className: String?,
        seconds: Double = 1
    ) throws {
        (self.set, self.counts, self.names, self.split, self.className) = (set, counts, names, split, className)
        self.seconds = seconds
        if let description = set.description {
            // What the index knows may be older: a class that was added since has its number already.
            let found = try DataDescription.load(description)
            classNames = found.classNames
            keypoints = found.keypoints
            for (split, all) in found.places {
                places[split] = all.first(where: Folder.isFolder)
            }
        } else {
            for name in try Folder.names(in: set.root) {
                guard let split = DataSplit(folderName: name) else { continue }
                let folder = Folder.join(set.root, name)
                places[split] = folder
                classNames += try Folder.names(in: folder).filter {
                    !classNames.contains($0) && Folder.isFolder(Folder.join(folder, $0))
                }
            }
            if let className, !classNames.contains(className) {
                throw InputError(
                    "request", at: "field class", "there is no class \(className)",
                    remedy: className.nearest(in: classNames).map { "did you mean \($0)?" })
            }
        }
    }

    /// Adds an image, an archive or a video. What is wrong is in the report.
    mutating func add(_ file: UploadedFile, workingIn folder: String) {
        do {
            if file.isArchive {
                let archive = try UnpackedArchive(file, in: folder)
                try withExtendedLifetime(archive) { try add(folder: archive.root, workingIn: folder) }
            } else if UnpackedVideo.isVideo(file.name) {
                try add(video: file.path, named: file.name, workingIn: folder)
            } else {
                try place(file.path, as: file.name, in: split ?? nextSplit, class: className, labels: nil)
            }
        } catch {
            report.add(problem: (error as? InputError)?.about(file.name, insteadOf: file.path) ?? error)
        }
    }

    /// The next image's: a fifth is for validation, and one as soon as there are two.
    private var nextSplit: DataSplit {
        guard places[.val] != nil else { return .train }
        let held = counts[.val] ?? 0
        let all = held + (counts[.train] ?? 0) + 1
        return all > 1 && held < max(1, all / Self.validationShare) ? .val : .train
    }

    /// Adds frames of a video. Those that follow each other are alike, so that the last fifth is for validation, and not
    /// each fifth.
    private mutating func add(video path: String, named name: String, workingIn folder: String) throws {
        let video = try UnpackedVideo(path, name: name, every: seconds, in: folder)
        for remark in video.remarks { report.add(remark: remark) }
        let training = video.frames.count - (places[.val] == nil ? 0 : video.frames.count / Self.validationShare)
        try withExtendedLifetime(video) {
            for (number, frame) in video.frames.enumerated() {
                try place(
                    frame, as: (frame as NSString).lastPathComponent, in: split ?? (number < training ? .train : .val),
                    class: className, labels: nil)
            }
        }
    }

    /// Adds what lies in a folder: a data set, or just images and videos. It is moved.
    ///
    /// - Parameter working: where frames of videos may be put for a while.
    mutating func add(folder: String, workingIn working: String) throws {
        if set.kind == .yolo, try DetectionData.recognises(folder) {
            try add(try ReadAnnotations(folder, wantsKeypoints: keypoints != nil, &report).data, from: folder)
            return
        }
        if set.kind == .classes, let images = try SortedImages.find(in: folder) {
            try add(images, from: folder)
            return
        }
        for path in try ImageSurvey.files(under: folder) {
            do {
                let parent = (Folder.parent(path) as NSString).lastPathComponent
                let labelPath = YOLOData.labelPath(ofImage: path)
                let labels = try set.kind == .yolo ? LabelLines.read(labelPath, keypoints) : nil
                try place(
                    path, as: (path as NSString).lastPathComponent, in: split ?? nextSplit, class: className ?? parent,
                    labels: labels)
            } catch {
                report.add(problem: error, hiding: folder)
            }
        }
        for path in try Folder.files(under: folder, extensions: UnpackedVideo.extensions) {
            do {
                try add(video: path, named: (path as NSString).lastPathComponent, workingIn: working)
            } catch {
                report.add(problem: error, hiding: folder)
            }
        }
    }

    // MARK: Data sets

    private mutating func add(_ data: DetectionData, from folder: String) throws {
        var known = Set(classNames)
        let unknown = data.classNames.filter { known.insert($0).inserted }
        if !unknown.isEmpty, let description = set.description {
            classNames = try ClassList.add(unknown, to: description)
            report.newClasses += unknown
        }
        let places = Dictionary(zip(classNames, classNames.indices)) { first, _ in first }
        let numbers = data.classNames.map { places[$0] ?? 0 }
        let order = try keypoints.map { try KeypointOrder(of: data, in: $0) }
        for own in DataSplit.allCases {
            for example in data[own] {
                do {
                    let target = split ?? (self.places[own] == nil ? .train : own)
                    try Self.check(example.imagePath, isBelow: folder)
                    let labels = example.labels.map { LabelValue($0, classIndex: numbers[$0.classIndex], order) }
                    try place(
                        example.imagePath, as: (example.imagePath as NSString).lastPathComponent, in: target,
                        class: nil, labels: example.isLabeled ? labels : nil)
                } catch {
                    report.add(problem: error, hiding: folder)
                }
            }
        }
    }

    private mutating func add(_ images: SortedImages, from folder: String) throws {
        report.add(problems: images.problems, remarks: images.remarks, hiding: folder)
        for example in images.examples {
            do {
                try Self.check(example.imagePath, isBelow: folder)
                try place(
                    example.imagePath, as: (example.imagePath as NSString).lastPathComponent,
                    in: split ?? (places[example.split] == nil ? .train : example.split), class: example.className,
                    labels: nil)
            } catch {
                report.add(problem: error, hiding: folder)
            }
        }
    }

    /// What annotations name is moved, so it has to be a part of what was sent.
    private static func check(_ path: String, isBelow folder: String) throws {
        func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        guard resolved(path).hasPrefix(resolved(folder) + "/") else {
            throw InputError(path, "lies outside of what was sent, and is left where it is")
        }
    }

    // MARK: One image

    /// Moves an image to its place, under a name that is free there. Its labels are written first: an image that nobody
    /// has looked at is less harm than labels that nobody knows of.
    private mutating func place(
        _ path: String, as name: String, in split: DataSplit, class className: String?, labels: [LabelValue]?
    ) throws {
        let header = try ImageSurvey.header(path)
        guard header.height * header.width <= Self.pixelLimit else {
            throw InputError(
                path, "is an image of \(header.width)×\(header.height) pixels, and at most \(Self.pixelLimit) are taken"
            )
        }
        let folder = try folder(for: split, class: className)
        let ending = (name as NSString).pathExtension
        let free = names.freeName(for: path, Folder.stem(name), ending, in: folder) {
            Self.isTaken($0, in: folder)
        }
        guard let stem = free else {
            report.known += 1
            return
        }
        let target = Folder.join(folder, "\(stem).\(ending)")
        if let labels {
            let file = YOLOData.labelPath(ofImage: target)
            try OutputFolder.make(Folder.parent(file))
            try AtomicFile.write(LabelLines.text(labels), to: file)
            report.objects += labels.count
        }
        do {
            try FileManager.default.moveItem(atPath: path, toPath: target)
        } catch {
            throw InputError(target, cannot: "written", error)
        }
        counts[split, default: 0] += 1
        report.added += 1
        let classIndex = set.kind == .classes ? className.flatMap { classNames.firstIndex(of: $0) } : nil
        let place = ImagePlace(folder: folder, name: "\(stem).\(ending)")
        added.append(AddedImage(place: place, split: split, classIndex: classIndex))
    }

    private func folder(for split: DataSplit, class className: String?) throws -> String {
        guard let folder = places[split] else {
            throw InputError(set.root, "it has no folder of images for \(split.rawValue)")
        }
        guard set.kind == .classes else { return folder }
        guard let className, classNames.contains(className) else {
            throw InputError(
                set.root, "there is no class \(className ?? "")",
                remedy: "choose a class, or put the images into folders named \(classNames.joined(separator: ", "))")
        }
        return Folder.join(folder, className)
    }

    /// Whether an image of a name is there, whatever its ending: all of them have the same file of labels.
    private static func isTaken(_ stem: String, in folder: String) -> Bool {
        let endings = Image.fileExtensions + Image.fileExtensions.map { $0.uppercased() } + ["txt"]
        return endings.contains { Folder.exists(Folder.join(folder, "\(stem).\($0)")) }
            || Folder.exists(YOLOData.labelPath(ofImage: Folder.join(folder, "\(stem).jpg")))
    }
}

extension LabelValue {
    /// - Parameter order: of the keypoints, in a data set whose objects have some.
    init(_ label: LabeledBox, classIndex: Int, _ order: KeypointOrder? = nil) {
        let numbers = [label.box.centerX, label.box.centerY, label.box.width, label.box.height]
        let box = numbers.map { Self.rounded(Double($0)) }
        if let order {
            self = .pose(class: classIndex, box: box, keypoints: order.numbers(label.keypoints))
        } else if label.polygon.isEmpty {
            self = .box(class: classIndex, box)
        } else {
            self = .outline(
                class: classIndex, label.polygon.flatMap { [Self.rounded(Double($0.x)), Self.rounded(Double($0.y))] })
        }
    }
}
