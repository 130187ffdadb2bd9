import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// A data set of another program made one of YOLO, which is labelled here, or where images were sorted, one of class folders;
/// the original stays as it is.
struct DataImport: Encodable, Sendable {
    /// The name of the new data set.
    let name: String
    let report: AddingReport

    /// - Throws: `InputError` where it cannot be read or written.
    static func make(_ source: DataFolder, in catalog: DataCatalog) throws -> DataImport {
        guard source.kind == .foreign else { throw InputError(source.root, "needs no import: it is shown as it is") }
        if let images = try SortedImages.find(in: source.root) { return try sort(images, of: source, in: catalog) }
        var report = AddingReport()
        var data = try ReadAnnotations(source.root, &report).data
        if data[.val].isEmpty {
            data = data.holdingOut(0.2)
            guard !data[.val].isEmpty else {
                throw InputError(source.root, "has one image only, and none can be held out for validation")
            }
            let count = data[.val].count.counted("image")
            report.add(remark: "there is no val split: \(count) of those for training are held out for it")
        }
        let path = source.freePath("-yolo")
        try data.write(as: .yolo, to: path)
        report.added = data.splits.values.reduce(0) { $0 + $1.count }
        report.objects = data.splits.values.joined().reduce(0) { $0 + $1.labels.count }
        return try DataImport(made: path, report, in: catalog)
    }

    private static func sort(
        _ images: SortedImages, of source: DataFolder, in catalog: DataCatalog
    ) throws -> DataImport {
        var report = AddingReport()
        report.add(problems: images.problems, remarks: images.remarks, hiding: source.root)
        let path = source.freePath("-sorted")
        try images.write(to: path)
        report.added = images.examples.count
        return try DataImport(made: path, report, in: catalog)
    }

    private init(made path: String, _ report: AddingReport, in catalog: DataCatalog) throws {
        guard let made = catalog.sets().first(where: { $0.root == path }) else {
            throw InputError(path, "cannot be found again")
        }
        (name, self.report) = (made.name, report)
    }
}

extension OpenDataSet {
    /// Adds a file that was sent.
    func add(
        _ file: UploadedFile, split: DataSplit?, className: String?, every seconds: Double = 1, workingIn folder: String
    ) throws -> AddingReport {
        try add(split: split, className: className, every: seconds) { $0.add(file, workingIn: folder) }
    }

    /// Adds what `body` gives to the adder. One caller after another, so that each finds names that are free.
    func add(
        split: DataSplit? = nil, className: String? = nil, every seconds: Double = 1,
        _ body: (inout DataAdder) throws -> Void
    ) throws -> AddingReport {
        try changing {
            var adder = try DataAdder(
                folder, index.counts(), names, split: split, className: className, seconds: seconds)
            // One owner, or they would be copied.
            names = PlacedNames()
            defer { names = adder.names }
            try body(&adder)
            index.insert(adder.added)
            if adder.added.count >= IndexFile.leastImages { Memory.giveBackHeap() }
            if !adder.report.newClasses.isEmpty { _ = try index.now(isFresh: true) }
            return adder.report
        }
    }
}
