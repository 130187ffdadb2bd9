import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// What is likely wrong with a data set: faults of single objects, with their images, and what `switchback data check`
/// says.
struct DataFindings: Encodable, Sendable {
    struct Finding: Encodable, Sendable {
        let kind: LabelFault.Kind
        let isMendable: Bool
        let image: ImageAnswer
        let object: LabelObject
    }

    /// An image for training, and one for validation that shows the same.
    struct Leak: Encodable, Sendable {
        let training, heldOut: ImageAnswer
    }

    /// How many findings of each kind there are; also where there are none, so that one sees what was looked for.
    var counts: [String: Int]
    /// The first of each kind.
    var findings: [Finding] = []
    var leaks: [Leak] = []
    /// Whether images were compared, for which all are decoded: not in very large data sets.
    let comparesImages: Bool
    /// What has no object to show: damaged images, labels without an image.
    var sentences: [String] = []

    private static let mostOfAKind = 60
    private static let mostCompared = 20_000

    init(_ set: OpenDataSet) throws {
        let content = try set.index.now(isFresh: true)
        counts = Dictionary(uniqueKeysWithValues: LabelFault.Kind.allCases.map { ($0.rawValue, 0) })
        comparesImages = content.images.count <= Self.mostCompared
        for image in content.images where image.labelStamp.size > 0 {
            for fault in try set.faults(of: image, content) {
                counts[fault.kind.rawValue, default: 0] += 1
                guard counts[fault.kind.rawValue, default: 0] <= Self.mostOfAKind else { continue }
                findings.append(
                    Finding(
                        kind: fault.kind, isMendable: fault.kind.isMendable,
                        image: ImageAnswer(image), object: fault.object))
            }
        }
        let byPath = Dictionary(content.images.map { ($0.path, $0) }) { first, _ in first }
        guard let description = set.folder.description, !content.images.isEmpty else { return }
        let data: DetectionData
        do { data = try DetectionData.load(description, for: content.keypoints == nil ? .detect : .pose) } catch {
            sentences = ["\(error)".replacingOccurrences(of: set.folder.root + "/", with: "")]
            return
        }
        let report = comparesImages ? DataReport(data) : nil
        leaks = (report?.duplicates ?? []).compactMap { pair -> Leak? in
            guard let training = byPath[pair.training], let heldOut = byPath[pair.heldOut] else { return nil }
            return Leak(
                training: ImageAnswer(training), heldOut: ImageAnswer(heldOut))
        }
        let all = (report?.problems ?? data.problems.map(\.description)) + data.remarks
        sentences = Array(all.prefix(Self.mostOfAKind)).map {
            $0.replacingOccurrences(of: set.folder.root + "/", with: "")
        }
    }
}

extension OpenDataSet {
    /// The faults of an image's labels, which another program may have written a moment ago.
    func faults(of image: IndexedImage, _ content: DataIndex.Content) throws -> [LabelFault] {
        // The labels are looked through without their history first: nearly all have no fault.
        let values = try? LabelLines.read(YOLOData.labelPath(ofImage: image.path), content.keypoints)
        let objects = (values ?? []).map { LabelObject(id: "", value: $0) }
        let edges = ImageEdges(height: Int(image.height), width: Int(image.width))
        if LabelFault.faults(in: objects, classCount: content.classNames.count, edges).isEmpty { return [] }
        let document = try labels().document(of: LabelStore.Image(image))
        return LabelFault.faults(in: document.objects, classCount: content.classNames.count, edges)
    }

    /// Mends all faults of a kind that can be mended, or those of one image, as edits that can be undone.
    ///
    /// - Parameter id: the beginning of the edits' names, so that asking twice mends nothing twice.
    /// - Returns: how many objects were mended.
    func mend(_ kind: LabelFault.Kind, image only: IndexedImage?, id: String, who: String, page: String) throws -> Int {
        let content = try index.now(isFresh: true)
        var count = 0
        for image in only.map({ [$0] }) ?? content.images where image.labelStamp.size > 0 {
            let faults = try faults(of: image, content).filter { $0.kind == kind && kind.isMendable }
            if faults.isEmpty { continue }
            let outcome = try change(image) { store, target in
                let base = try store.document(of: target).revision
                let request = LabelRequest(
                    id: "\(id)-\(String(image.id, radix: 16))", who: who, page: page, base: base,
                    wishes: faults.map { ($0.object.id, $0.mended) })
                return try store.edit(target, request)
            }
            if case .done = outcome { count += faults.count }
        }
        return count
    }
}
