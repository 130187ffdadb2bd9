import Switchback

// Programs for labeling mark keypoints as points of their own, which say to which object they belong.

extension ShapeData {
    /// The keypoints that objects have: their names are those of the points.
    ///
    /// - Throws: `InputError` where there are none, or too many.
    func keypointLayout() throws -> KeypointLayout {
        let found = Set(images.flatMap { $0.points.map(\.name) })
        guard !found.isEmpty else {
            let first = problems.first.map { "; the first problem: \($0)" } ?? ""
            throw InputError(path, "no object has a keypoint, and pose needs them\(first)")
        }
        let others = found.subtracting(keypointNames).sorted { a, b in
            // Numbers in their order: 2 before 10.
            if let first = Int(a), let second = Int(b) { return first < second }
            return a < b
        }
        let names = keypointNames + others
        guard names.count <= KeypointLayout.mostKeypoints else {
            throw InputError(
                path,
                "objects have \(names.count) keypoints of different names, and at most "
                    + "\(KeypointLayout.mostKeypoints) are read")
        }
        return KeypointLayout(names: names)
    }
}

extension ShapedImage {
    /// The keypoints of each object in fractions of the image; those that nobody has marked have the visibility 0.
    ///
    /// - Parameters:
    ///   - layout: with the names of the keypoints.
    ///   - size: the sides of the image in the pixels of the points.
    ///   - problems: gets what cannot be used.
    ///   - remarks: gets what is worth knowing.
    func keypoints(
        _ layout: KeypointLayout, _ size: MarkedSize, _ problems: inout [InputError], _ remarks: inout [String]
    ) -> [[Keypoint]] {
        let none = [Keypoint](repeating: Keypoint(x: 0, y: 0, visibility: 0), count: layout.count)
        var found = [[Keypoint]](repeating: none, count: objects.count)
        var taken = Set<[Int]>()
        for point in points {
            let owners = objects.indices.filter { point.group == nil || objects[$0].group == point.group }
            let place = PlanePoint(point.at.x / Float(size.width), point.at.y / Float(size.height))
            func refuse(_ sentence: String) { problems.append(InputError(file, at: point.place, sentence)) }
            guard owners.count == 1 else {
                refuse(Self.sentence(onOwnersOf: point, count: owners.count))
                continue
            }
            guard let number = layout.names?.firstIndex(of: point.name), taken.insert([owners[0], number]).inserted
            else {
                refuse("its object has the keypoint \(point.name) twice")
                continue
            }
            let keypoint = Keypoint(x: place.x, y: place.y, visibility: point.visibility)
            do throws(ImageEdges.Problem) {
                found[owners[0]][number] = try size.edges.clipped(keypoint, name: "the keypoint \(point.name)") {
                    remarks.append("\(file), \(point.place): \($0)")
                }
            } catch {
                refuse("the keypoint \(point.name) is outside the image of \(size.width)×\(size.height) pixels")
            }
        }
        return found
    }

    private static func sentence(onOwnersOf point: Point, count: Int) -> String {
        guard let group = point.group else {
            return "nothing says to which of \(count.counted("object")) the keypoint \(point.name) belongs"
        }
        return count == 0
            ? "the keypoint \(point.name) belongs to the object \(group), and there is no such object"
            : "the keypoint \(point.name) belongs to the object \(group), and \(count.counted("object")) are called so"
    }
}
