import SwitchbackVision

extension DataIndex {
    /// The images of a data set at one moment.
    struct Content: Sendable {
        var classNames: [String] = []
        /// In order: those of a split together.
        var images: [IndexedImage] = []
        /// Where the image of a number is.
        private(set) var positions: [UInt64: Int32] = [:]
        /// How many images each split has.
        private(set) var counts: [DataSplit: Int] = [:]
        /// Where those of each split begin.
        private var starts: [DataSplit: Int] = [:]
        /// Those that objects have; `nil` where they have none.
        var keypoints: KeypointLayout?
        /// The data.yaml that classes and keypoints were read from.
        var description = FileStamp()

        init() {}

        init(_ images: [IndexedImage], _ keypoints: KeypointLayout?) {
            (self.images, self.keypoints) = (images, keypoints)
            updatePositions()
        }

        /// The share of its split that comes before the middle of the image at a place.
        func shareBefore(_ position: Int) -> Double {
            let split = images[position].split
            return (Double(position - (starts[split] ?? 0)) + 0.5) / Double(counts[split] ?? 1)
        }

        func image(_ id: UInt64) -> IndexedImage? { positions[id].map { images[Int($0)] } }

        /// Puts images among those of their splits, in the order of their paths.
        mutating func insert(_ added: [IndexedImage]) {
            var waiting = Dictionary(grouping: added.sorted { $0.place < $1.place }, by: \.split)
            var (all, rest) = ([IndexedImage](), images[...])
            while let split = rest.first?.split {
                let own = rest.prefix { $0.split == split }
                all += own.merged(with: waiting.removeValue(forKey: split) ?? []) { $0.place < $1.place }
                rest = rest.dropFirst(own.count)
            }
            all += DataSplit.allCases.flatMap { waiting[$0] ?? [] }
            images = all
            updatePositions()
        }

        mutating func updatePositions() {
            positions.removeAll(keepingCapacity: true)
            positions.reserveCapacity(images.count)
            for (position, image) in images.enumerated() { positions[image.id] = Int32(position) }
            (counts, starts) = ([:], [:])
            for (position, image) in images.enumerated() {
                counts[image.split, default: 0] += 1
                if starts[image.split] == nil { starts[image.split] = position }
            }
        }
    }
}

extension Collection {
    /// The elements with others among them, each before the first that it belongs before; in one pass over both.
    ///
    /// - Parameter others: in order.
    package func merged(with others: [Element], isBefore: (Element, Element) throws -> Bool) rethrows -> [Element] {
        var all: [Element] = []
        all.reserveCapacity(count + others.count)
        var waiting = others[...]
        for element in self {
            while let next = waiting.first, try isBefore(next, element) {
                all.append(next)
                waiting = waiting.dropFirst()
            }
            all.append(element)
        }
        return all + waiting
    }
}
