import Foundation
import Switchback
import SwitchbackFormats

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Data as CVAT exports it under "CVAT for images 1.1": a file `annotations.xml` with an element for each image, and the
/// images beside it or in `images`. Keypoints are those of skeletons, whose boxes are those of their group, else the ones
/// around their points.
enum CVATData {
    static let fileName = "annotations.xml"

    static func load(_ file: String, for task: YOLOTask) throws -> DetectionData {
        let reader = CVATReader(readsSkeletons: task == .pose)
        try XMLFile.parse(file, with: reader)
        guard reader.sawAnnotations else {
            throw InputError(file, "holds no element annotations", remedy: "export it as 'CVAT for images 1.1'")
        }
        if reader.sawTrack {
            throw InputError(
                file, "holds tracks through the frames of a video, whose images are not beside it",
                remedy: "export it as 'CVAT for images 1.1', with its images")
        }
        let root = Folder.parent(file)
        var data = ShapeData(kind: "CVAT annotations", path: root)
        (data.classNames, data.keypointNames) = (reader.classNames, reader.keypointNames)
        data.remarks = reader.remarks.map { "\(file), \($0)" }
        data.problems = reader.problems.map { InputError(file, at: "line \($0.line)", $0.sentence) }
        if reader.images.isEmpty { data.problems.append(InputError(file, "describes no image")) }
        let spoiled = Set(reader.problems.map(\.image))
        for (number, image) in reader.images.enumerated() where !spoiled.contains(number) {
            let folders =
                [root, Folder.join(root, "images")] + (image.subset.map { [Folder.join(root, "images/\($0)")] } ?? [])
            let places = folders.map { WindowsPath.inFolder($0, image.name) }
            guard let place = places.first(where: Folder.exists) else {
                data.problems.append(
                    InputError(
                        file, at: "image \(image.name)", "there is no such image in \(folders.joined(separator: ", "))")
                )
                continue
            }
            data.images.append(
                ShapedImage(
                    file: file, imagePath: place, split: image.subset.flatMap { DataSplit(folderName: $0) },
                    size: image.size, objects: image.objects, points: image.points))
        }
        return try data.data(for: task)
    }
}

private final class CVATReader: BoundedXMLReader {
    struct Entry {
        let name: String
        let subset: String?
        let size: MarkedSize?
        var objects: [ShapedImage.Object] = []
        var points: [ShapedImage.Point] = []
        var skeletons: [Skeleton] = []
    }

    struct Skeleton {
        let name, place: String
        /// Of shapes that belong together; `nil` if it belongs to none.
        let group: String?
        var points: [(name: String, at: PlanePoint, visibility: Float, place: String)] = []
    }

    private let readsSkeletons: Bool
    private(set) var sawAnnotations = false
    private(set) var sawTrack = false
    private(set) var images: [Entry] = []
    /// As the project lists them.
    fileprivate(set) var classNames: [String] = []
    /// Of the skeletons, as the project lists them.
    fileprivate(set) var keypointNames: [String] = []
    private var label: (name: String, hasParent: Bool) = ("", false)
    private(set) var remarks: [String] = []
    /// With the number of the image in which they are.
    private(set) var problems: [(image: Int, line: Int, sentence: String)] = []

    init(readsSkeletons: Bool) { self.readsSkeletons = readsSkeletons }

    override func begin(_ name: String, _ attributes: [String: String], line: Int) {
        switch (name, path.dropLast().last) {
        case ("annotations", _): sawAnnotations = true
        case ("label", "labels"): label = ("", false)
        case ("track", "annotations"): sawTrack = true
        case ("image", _):
            let sides = ["height", "width"].map { attributes[$0].flatMap { Int($0) } }
            images.append(
                Entry(
                    name: attributes["name"] ?? "", subset: attributes["subset"],
                    size: MarkedSize(height: sides[0], width: sides[1])))
        case ("skeleton", "image") where readsSkeletons:
            images[images.count - 1].skeletons.append(
                Skeleton(name: attributes["label"] ?? "", place: "line \(line)", group: Self.group(attributes)))
        case (_, "image"): shape(name, attributes, line)
        case ("points", "skeleton") where readsSkeletons && !images.isEmpty: keypoint(attributes, line)
        default: break
        }
    }

    override func end(_ name: String, text: String, line: Int) {
        switch (name, path.last) {
        case ("name", "label"): label.name = text
        case ("parent", "label"): label.hasParent = true
        case ("label", "labels"):
            let list = label.hasParent ? \CVATReader.keypointNames : \CVATReader.classNames
            if !label.name.isEmpty, !self[keyPath: list].contains(label.name) { self[keyPath: list].append(label.name) }
        case ("image", _): images[images.count - 1].placeSkeletons()
        default: break
        }
    }

    /// 0 is no group.
    private static func group(_ attributes: [String: String]) -> String? {
        attributes["group_id"].flatMap { $0 == "0" ? nil : $0 }
    }

    private func shape(_ kind: String, _ attributes: [String: String], _ line: Int) {
        let label = attributes["label"] ?? ""
        guard ["box", "polygon", "ellipse", "mask"].contains(kind) else {
            if kind != "tag" { remarks.append("line \(line): \(kind) \(label) has no area, and is left out") }
            return
        }
        guard !label.isEmpty, let outline = outline(kind, attributes) else {
            problems.append((images.count - 1, line, "the element \(kind) \(label) is not as CVAT writes it"))
            return
        }
        images[images.count - 1].objects.append(
            .init(name: label, outline: outline, place: "line \(line)", group: Self.group(attributes)))
    }

    /// A point of the last skeleton; one that is outside is not known.
    private func keypoint(_ attributes: [String: String], _ line: Int) {
        let last = images[images.count - 1].skeletons.count - 1
        guard last >= 0, let name = attributes["label"], let at = attributes["points"].flatMap(points), at.count == 1
        else {
            problems.append((images.count - 1, line, "the point of a skeleton is not as CVAT writes it"))
            return
        }
        if attributes["outside"] == "1" { return }
        images[images.count - 1].skeletons[last].points.append(
            (name, at[0], attributes["occluded"] == "1" ? 1 : 2, "line \(line)"))
    }

    private func outline(_ kind: String, _ attributes: [String: String]) -> [PlanePoint]? {
        func numbers(_ keys: String...) -> [Float]? {
            let found = keys.compactMap { attributes[$0].flatMap(Float.init) }
            return found.count == keys.count && found.allSatisfy(\.isFinite) ? found : nil
        }
        switch kind {
        case "box":
            guard let n = numbers("xtl", "ytl", "xbr", "ybr") else { return nil }
            let box = Box(x1: n[0], y1: n[1], x2: n[2], y2: n[3])
            guard let degrees = numbers("rotation")?[0], degrees != 0 else { return box.corners }
            return RotatedBox(
                centerX: box.centerX, centerY: box.centerY, width: box.width, height: box.height,
                angle: degrees * .pi / 180
            ).corners
        case "polygon": return attributes["points"].flatMap(points)
        case "ellipse":
            guard let n = numbers("cx", "cy", "rx", "ry") else { return nil }
            let turn = (numbers("rotation")?[0] ?? 0) * .pi / 180
            return [PlanePoint].ellipse(center: PlanePoint(n[0], n[1]), radii: PlanePoint(n[2], n[3]), turn: turn)
        default: return mask(attributes)
        }
    }

    private func points(_ text: String) -> [PlanePoint]? {
        let pairs = text.split(separator: ";").map { pair in pair.split(separator: ",").compactMap { Float($0) } }
        return pairs.allSatisfy { $0.count == 2 } ? pairs.map { PlanePoint($0[0], $0[1]) } : nil
    }

    /// Run lengths, row by row in a box, the first of pixels that are off.
    private func mask(_ attributes: [String: String]) -> [PlanePoint]? {
        let sides = ["left", "top", "width", "height"].compactMap { attributes[$0].flatMap { Int($0) } }
        let counts = attributes["rle"].map {
            $0.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        }
        guard sides.count == 4, sides.allSatisfy({ $0 >= 0 && $0 <= 1 << 16 }), let counts, !counts.contains(nil),
            sides[2] > 0, sides[3] > 0, sides[2] * sides[3] <= Image.pixelLimit,
            // Row by row is column by column with the sides exchanged.
            let runs = RunLengths(checking: counts.compactMap { $0 }, height: sides[2], width: sides[3])
        else { return nil }
        let turned = runs.mask
        let mask = InstanceMask(imageHeight: sides[3], imageWidth: sides[2]) { turned[$1, $0] }
        return mask.outline.map { $0 + PlanePoint(Float(sides[0]), Float(sides[1])) + 0.5 }
    }
}

extension CVATReader.Entry {
    /// Gives the points of skeletons to the objects of their groups, and makes objects of skeletons that have none.
    fileprivate mutating func placeSkeletons() {
        for skeleton in skeletons {
            var owner = skeleton.group.flatMap { group in objects.contains { $0.group == group } ? group : nil }
            if owner == nil {
                owner = "of \(skeleton.place)"
                objects.append(
                    .init(
                        name: skeleton.name, outline: Box(around: skeleton.points.map(\.at)).corners,
                        place: skeleton.place, group: owner))
            }
            points += skeleton.points.map {
                .init(name: $0.name, at: $0.at, visibility: $0.visibility, group: owner, place: $0.place)
            }
        }
        skeletons = []
    }
}
