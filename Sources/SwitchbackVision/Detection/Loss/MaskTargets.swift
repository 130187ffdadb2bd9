import Switchback

/// The masks that a batch's objects have, and those that a head predicts at a quarter of the images' size.
package struct MaskTargets {
    /// The weights of the prototypes, [N, positions, 32], and the prototypes, [N, 32, h, w].
    private let coefficients, prototypes: Tensor
    /// The logits of the classes all over the image; only in YOLO26's training.
    private let classMap: Tensor?
    /// Which object each pixel belongs to, counted from 1 within its image: [planes, H, W], int32; and the same in the size of
    /// the prototypes, of the nearest pixels.
    private let codes, coarseCodes: Tensor
    /// Whether the objects of an image share a plane; and the plane of each object.
    private let isShared: Bool
    private let planes: [Int]
    /// Pixels of the images to one of the codes.
    private let ratio: Int
    private let objects: ObjectList
    /// The position of each object in its image, counted from 1.
    private let numbers: Tensor

    /// `nil` where there are no masks.
    init?(_ output: DetectHead.Output, _ objects: ObjectList, _ truth: DetectionTargets) {
        guard let coefficients = output.extras, let prototypes = output.prototypes, let codes = truth.masks else {
            return nil
        }
        let ratio = truth.detail.ratio
        let size = [prototypes.shape[2], prototypes.shape[3]].map { $0 * MaskMap.ratio / ratio }
        require(
            Array(codes.shape.dropFirst()) == size, "mask loss",
            "the masks \(codes.shape) do not fit the prototypes \(prototypes.shape)")
        self.ratio = ratio
        self.coefficients = coefficients
        self.prototypes = prototypes
        self.codes = codes
        self.objects = objects
        coarseCodes =
            ratio == MaskMap.ratio
            ? codes
            : codes.unsqueeze(1).to(.float32).interpolate(
                size: IntPair(prototypes.shape[2], prototypes.shape[3]), mode: .nearest
            )
            .squeeze(1).to(.int32)
        isShared = truth.detail.isShared
        planes = isShared ? objects.imageOfObject : Array(0..<objects.count)
        classMap = output.classMap
        numbers = Tensor(objects.numbers, shape: [objects.count])
    }

    private var height: Int { prototypes.shape[2] }
    private var width: Int { prototypes.shape[3] }

    /// Where boxes in pixels lie on the prototypes' grid: 1 from the first column and row to before the last, [boxes, h, w].
    private func inside(_ boxes: Tensor) -> Tensor {
        let sides = (boxes / Double(MaskMap.ratio)).split(1, dim: 1)
        let columns = Tensor.arange(Float(width)).unsqueeze(0)
        let rows = Tensor.arange(Float(height)).unsqueeze(0)
        let across = columns.ge(sides[0]).logicalAnd(columns.lt(sides[2]))
        let down = rows.ge(sides[1]).logicalAnd(rows.lt(sides[3]))
        return down.unsqueeze(2).logicalAnd(across.unsqueeze(1)).to(.float32)
    }

    /// The logits of the masks of positions of one image: [positions, h · w].
    private func logits(_ image: Int, _ positions: Tensor) -> Tensor {
        coefficients[image].indexSelect(dim: 0, index: positions).matmul(prototypes[image].reshape(-1, height * width))
    }

    /// Whether pixels of the prototypes' grid belong to an object: [h · w, 1].
    private func mask(_ object: Int) -> Tensor {
        coarseCodes[planes[object]].reshape(-1, 1).eq(numbers[object]).to(.float32)
    }

    /// The binary cross entropy of the masks within the objects' boxes, as a mean over all pixels divided by the box's
    /// share of the image; the mean over the positions that learn (YOLACT, section 3.4).
    func loss(of assigned: TaskAlignedAssigner.Assignment) -> Tensor {
        let isLearned = assigned.scores.toArray(as: Float.self).map { $0 > 0 }
        let owners = assigned.objects.toArray(as: Int.self)
        let learned = isLearned.indices.filter { isLearned[$0] }
        let index = Tensor(learned, shape: [learned.count])
        let positions = assigned.positions.indexSelect(dim: 0, index: index)
        let images = objects.images.indexSelect(dim: 0, index: assigned.objects.indexSelect(dim: 0, index: index))
        let rows = coefficients.reshape(-1, coefficients.shape[2])
            .indexSelect(dim: 0, index: images * coefficients.shape[1] + positions)
        let boxes = objects.boxes.toArray(as: Float.self)
        let entropy = MaskCrossEntropy(
            places: learned.map { place(owners[$0], boxes, count: learned.count) },
            codes: codes.toArray(as: Int32.self))
        // Masks that are finer are compared with prototypes that are enlarged to them.
        let size = IntPair(codes.shape[1], codes.shape[2])
        return entropy(
            rows, ratio == MaskMap.ratio ? prototypes : prototypes.interpolate(size: size, mode: .bilinear))
    }

    private func place(_ object: Int, _ boxes: [Float], count: Int) -> MaskCrossEntropy.Place {
        let sides = boxes[4 * object..<4 * object + 4].map { $0 / Float(ratio) }
        let box = Box(x1: sides[0], y1: sides[1], x2: sides[2], y2: sides[3])
        let (rows, columns) = box.pixels(height: codes.shape[1], width: codes.shape[2])
        // In pixels of the grid: the mean over all of them and the share of the image have the same divisor.
        return MaskCrossEntropy.Place(
            image: objects.imageOfObject[object], plane: planes[object], code: objects.numbers[object], rows: rows,
            columns: columns, weight: 1 / (box.width * box.height * Float(count)))
    }

    /// How far the masks that positions predict overlap those of the objects: intersection over union, [objects,
    /// positions]. Those predicted end at their boxes.
    ///
    /// - Parameters:
    ///   - positions: of each object's image, [objects, positions].
    ///   - boxes: that all positions predict, in pixels: [N, all positions, 4].
    func overlaps(at positions: Tensor, _ boxes: Tensor, _ objects: ObjectList) -> Tensor {
        Tensor.cat(
            (0..<objects.count).map { object in
                let image = objects.imageOfObject[object]
                let own = positions[object]
                let seen = inside(boxes[image].indexSelect(dim: 0, index: own)).reshape(own.count, -1)
                let predicted = logits(image, own).gt(0).to(.float32) * seen
                let wanted = mask(object)
                let shared = predicted.matmul(wanted).reshape(1, -1)
                let union = predicted.sum(dim: 1).reshape(1, -1) + wanted.sum() - shared
                return shared / (union + 1e-7)
            }, dim: 0)
    }

    /// The binary cross entropy of the classes all over the image and the distance to their Dice coefficient
    /// (Milletari et al., "V-Net", 2016, section 3), half of each.
    var classMapLoss: Tensor? {
        guard let classMap else { return nil }
        let (count, classes) = (classMap.shape[0], classMap.shape[1])
        let (rows, columns) = (classMap.shape[2], classMap.shape[3])
        let wanted = Tensor(classTargets(rows, columns, classes), shape: [count, classes, rows, columns])
        let entropy = classMap.binaryCrossEntropyWithLogits(wanted)
        let probabilities = classMap.sigmoid().reshape(count, classes, -1)
        let target = wanted.reshape(count, classes, -1)
        let shared = (probabilities * target).sum(dim: 2)
        let dice = (shared * 2 + 1) / (probabilities.sum(dim: 2) + target.sum(dim: 2) + 1)
        return entropy / 2 + (1 - dice.mean()) / 2
    }

    /// 1 where a class is, of the pixel nearest to each of a coarser grid: N × classes × rows × columns.
    private func classTargets(_ rows: Int, _ columns: Int, _ classes: Int) -> [Float] {
        let owner = owners()
        let classOfObject = objects.classes.toArray(as: Int.self)
        let (height, width) = (codes.shape[1], codes.shape[2])
        var target = [Float](repeating: 0, count: prototypes.shape[0] * classes * rows * columns)
        for image in 0..<prototypes.shape[0] {
            for row in 0..<rows {
                for column in 0..<columns {
                    guard let object = owner(image, row * height / rows * width + column * width / columns) else {
                        continue
                    }
                    let plane = image * classes + classOfObject[object]
                    target[(plane * rows + row) * columns + column] = 1
                }
            }
        }
        return target
    }

    /// Tells which object a pixel of an image belongs to, the smaller where several overlap.
    private func owners() -> (_ image: Int, _ pixel: Int) -> Int? {
        let all = codes.toArray(as: Int.self)
        let size = codes.shape[1] * codes.shape[2]
        let ofImage = Dictionary(grouping: objects.imageOfObject.indices) { objects.imageOfObject[$0] }
        if isShared {
            return { image, pixel in
                let code = all[image * size + pixel]
                return code > 0 ? ofImage[image].map { $0[0] + code - 1 } : nil
            }
        }
        let areas = planes.map { plane in all[plane * size..<(plane + 1) * size].count { $0 > 0 } }
        return { image, pixel in
            let here = (ofImage[image] ?? []).filter { all[planes[$0] * size + pixel] > 0 }
            return here.min { (areas[$0], $1) < (areas[$1], $0) }
        }
    }
}
