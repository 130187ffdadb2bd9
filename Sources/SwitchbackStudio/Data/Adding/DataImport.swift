import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// A data set of COCO or Pascal VOC made one of YOLO, which is labelled here; the original stays as it is.
struct DataImport: Encodable, Sendable {
    /// The name of the new data set.
    let name: String
    let report: AddingReport

    /// - Throws: `InputError` where it cannot be read or written.
    static func make(_ source: DataFolder, in catalog: DataCatalog) throws -> DataImport {
        guard source.kind == .foreign else { throw InputError(source.root, "needs no import: it is shown as it is") }
        var report = AddingReport()
        var data = try DataAdder.load(source.root, &report)
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
        guard let made = catalog.sets().first(where: { $0.root == path }) else {
            throw InputError(path, "cannot be found again")
        }
        return DataImport(name: made.name, report: report)
    }
}

extension OpenDataSet {
    /// Adds a file that was sent.
    func add(
        _ file: UploadedFile, split: DataSplit?, className: String?, workingIn folder: String
    ) throws -> AddingReport {
        try add(split: split, className: className) { $0.add(file, workingIn: folder) }
    }

    /// Adds what `body` gives to the adder. One caller after another, so that each finds names that are free.
    func add(
        split: DataSplit? = nil, className: String? = nil, _ body: (inout DataAdder) throws -> Void
    ) throws -> AddingReport {
        try changing {
            var adder = try DataAdder(folder, index.counts(), names, split: split, className: className)
            // One owner, or they would be copied.
            names = PlacedNames()
            defer { names = adder.names }
            try body(&adder)
            index.insert(adder.added)
            if !adder.report.newClasses.isEmpty { _ = try index.now(isFresh: true) }
            return adder.report
        }
    }
}
