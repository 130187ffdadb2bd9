import Switchback

/// The objects of all images of a batch, one after another.
package struct ObjectList {
    package let count: Int
    /// Corners in pixels, [objects, 4]; of oriented boxes their centers, sides and angles, [objects, 5].
    package let boxes: Tensor
    /// int64 [objects].
    package let classes, images: Tensor
    /// The same as `images`, and the position of each object among those of its image, counted from 1.
    let imageOfObject: [Int]
    let numbers: [Int32]

    /// - Parameter objects: of each image.
    package init(_ objects: [[LabeledBox]]) {
        let all = objects.joined()
        count = all.count
        let sides =
            all.first?.isOriented ?? false
            ? all.flatMap { RotatedBox(around: $0.polygon).numbers }
            : all.flatMap { [$0.box.x1, $0.box.y1, $0.box.x2, $0.box.y2] }
        boxes = Tensor(sides, shape: [count, sides.count / max(count, 1)])
        classes = Tensor(all.map(\.classIndex), shape: [count])
        imageOfObject = objects.enumerated().flatMap { [Int](repeating: $0, count: $1.count) }
        numbers = objects.flatMap { $0.indices.map { Int32($0 + 1) } }
        images = Tensor(imageOfObject, shape: [count])
    }
}

/// Decides which positions of the feature maps are to learn which object: those that already predict it best by class
/// and box together; see `AssignmentKernels`. Nothing here waits for the predictions.
package struct TaskAlignedAssigner: Sendable {
    private let rule: AssignmentRule

    package init(rule: AssignmentRule) { self.rule = rule }

    /// The positions that learn: as many places as all objects can get together.
    package struct Assignment {
        /// Integers, [places]: the position in its image, and the object.
        package let positions, objects: Tensor
        /// The probability that the position should give the object's class, [places]; 0 where a place is not needed.
        package let scores: Tensor

        /// In the places that are not needed the best one is repeated: what another position predicts of another object
        /// may be no number, and would stay that however little it counts.
        init(positions: Tensor, objects: Tensor, scores: Tensor) {
            let (isNeeded, best) = (scores.gt(0), scores.argmax(dim: 0, keepDim: true))
            func repeated(_ x: Tensor) -> Tensor { Tensor.where(isNeeded, x, x.indexSelect(dim: 0, index: best)) }
            (self.positions, self.objects, self.scores) = (repeated(positions), repeated(objects), scores)
        }
    }

    /// - Parameters:
    ///   - logits: [images, positions, classes].
    ///   - boxes: corners in pixels, [images, positions, 4]; or oriented boxes, [images, positions, 5].
    ///   - masks: where positions are to be chosen by their masks, too.
    ///   - keypoints: where positions are to be chosen by their keypoints instead of their boxes.
    package func callAsFunction(
        _ objects: ObjectList, logits: Tensor, boxes: Tensor, _ grid: AnchorGrid, masks: MaskTargets? = nil,
        keypoints: KeypointTargets? = nil
    ) -> Assignment {
        if boxes.shape[2] == 5 {
            return noGrad {
                composed(objects, Alignment(oriented: objects, logits.detach(), boxes.detach(), grid, rule))
            }
        }
        if let masks {
            return noGrad {
                let alignment = Alignment(objects, logits.detach(), boxes.detach(), grid, rule)
                return composed(objects, alignment.averaged(with: masks, boxes.detach(), objects, rule))
            }
        }
        if let keypoints {
            return noGrad {
                let alignment = Alignment(objects, logits.detach(), boxes.detach(), grid, rule)
                return composed(objects, alignment.judged(by: keypoints, grid, rule))
            }
        }
        let operands = AssignmentOperands(
            logits: logits.array, boxes: boxes.array, maps: grid.levels, objects: objects.boxes.array,
            classes: objects.classes.array, images: objects.images.array)
        if let found = logits.array.backend.assignPositions(operands, rule) {
            return Assignment(
                positions: Tensor(found.positions), objects: Tensor(found.objects), scores: Tensor(found.scores))
        }
        return noGrad { composed(objects, Alignment(objects, logits.detach(), boxes.detach(), grid, rule)) }
    }

    // MARK: The same, composed of operations

    private func composed(_ objects: ObjectList, _ alignment: Alignment) -> Assignment {
        let positionCount = alignment.metrics.shape[1]
        let (metrics, chosen) = alignment.metrics.topK(min(rule.topK, positionCount), dim: 1)
        let positions = chosen.reshape(-1)
        let objectOfPlace = Tensor.arange(objects.count).unsqueeze(1).expand(to: chosen.shape).reshape(-1)
        let rows = objects.images.indexSelect(dim: 0, index: objectOfPlace) * positionCount + positions
        let isClaimed = metrics.gt(0).reshape(-1)
        let rowCount = alignment.imageCount * positionCount

        let claims = Tensor.zeros([rowCount], dtype: .int64).scatterAdd(
            dim: 0, index: rows, source: isClaimed.to(.int64))
        let isShared = claims.indexSelect(dim: 0, index: rows).gt(1)
        let owners = Tensor.where(
            isShared, alignment.highestOverlap(at: positions, ofImagesLike: objectOfPlace, objects), objectOfPlace)

        // Of the places that hold one position, the first counts.
        let numbers = Tensor.arange(rows.count)
        let first = Tensor.full([rowCount], rows.count)
            .scatterReduce(dim: 0, index: rows, source: numbers.maskedFill(isClaimed.logicalNot(), rows.count), .amin)
        let isFirst = isClaimed.logicalAnd(first.indexSelect(dim: 0, index: rows).eq(numbers))
        return scored(owners, positions, isFirst, alignment, objects.count)
    }

    /// The scores to be learned: the metric, scaled so that an object's best position gets its best overlap.
    private func scored(
        _ owners: Tensor, _ positions: Tensor, _ isPositive: Tensor, _ alignment: Alignment, _ objectCount: Int
    ) -> Assignment {
        let places = owners * alignment.metrics.shape[1] + positions
        var isKept = isPositive
        var metrics = alignment.metrics.take(places).maskedFill(isKept.logicalNot(), 0)
        if let limit = rule.keptPerObject {
            isKept = isKept.logicalAnd(betterPlaces(owners, positions, metrics, isPositive).lt(limit))
            metrics = metrics.maskedFill(isKept.logicalNot(), 0)
        }
        let overlaps = alignment.overlaps.take(places).maskedFill(isKept.logicalNot(), 0)
        func highest(_ figures: Tensor) -> Tensor {
            Tensor.zeros([objectCount]).scatterReduce(dim: 0, index: owners, source: figures, .amax)
                .indexSelect(dim: 0, index: owners)
        }
        let scores = metrics * highest(overlaps) / (highest(metrics) + 1e-9)
        return Assignment(positions: positions, objects: owners, scores: scores)
    }

    /// How many places of the same object hold a position that suits it better, or as well and comes first.
    private func betterPlaces(
        _ owners: Tensor, _ positions: Tensor, _ metrics: Tensor, _ isPositive: Tensor
    ) -> Tensor {
        func pairs(_ x: Tensor) -> (mine: Tensor, others: Tensor) { (x.unsqueeze(1), x.unsqueeze(0)) }
        let (owner, position, metric) = (pairs(owners), pairs(positions), pairs(metrics))
        let isAhead = metric.others.gt(metric.mine)
            .logicalOr(metric.others.eq(metric.mine).logicalAnd(position.others.lt(position.mine)))
        return isAhead.logicalAnd(owner.others.eq(owner.mine)).logicalAnd(isPositive.unsqueeze(0))
            .to(.int64).sum(dim: 1)
    }
}

/// How well each position of an object's image suits it.
private struct Alignment {
    /// The complete IoU of what the position predicts, 0 outside of the object, and the measure of alignment: both
    /// [objects, positions].
    let overlaps, metrics: Tensor
    let imageCount: Int
    /// The probability of each object's class, [objects, positions].
    private let probabilities: Tensor
    /// Whether positions lie in the objects, [objects, positions].
    private let isInside: Tensor

    private init(overlaps: Tensor, isInside: Tensor, probabilities: Tensor, imageCount: Int, _ rule: AssignmentRule) {
        self.overlaps = overlaps
        self.isInside = isInside
        self.probabilities = probabilities
        self.imageCount = imageCount
        metrics = probabilities.pow(rule.alpha) * overlaps.pow(rule.beta)
    }

    init(_ objects: ObjectList, _ logits: Tensor, _ boxes: Tensor, _ grid: AnchorGrid, _ rule: AssignmentRule) {
        let sides = Self.widened(objects.boxes, to: Double(rule.minimumSide)).unsqueeze(1).split(2, dim: -1)
        let centers = (grid.centers(like: boxes) * grid.strides(like: boxes)).unsqueeze(0)
        let isInside = Tensor.cat([centers - sides[0], sides[1] - centers], dim: -1).gt(1e-9).all(dim: -1)
        let predicted = boxes.indexSelect(dim: 0, index: objects.images)
        let overlaps = objects.boxes.unsqueeze(1).completeIoU(predicted).squeeze(-1).clamp(min: 0)
            .maskedFill(isInside.logicalNot(), 0)
        self.init(
            overlaps: overlaps, isInside: isInside, probabilities: Self.probabilities(objects, logits),
            imageCount: logits.shape[0], rule)
    }

    /// The same of oriented boxes, by their probabilistic IoU.
    init(
        oriented objects: ObjectList, _ logits: Tensor, _ boxes: Tensor, _ grid: AnchorGrid, _ rule: AssignmentRule
    ) {
        let parts = objects.boxes.unsqueeze(1).split([2, 2, 1], dim: -1)
        let centers = (grid.centers(like: boxes) * grid.strides(like: boxes)).unsqueeze(0)
        let isInside = (centers - parts[0]).rotated(by: -parts[2]).abs()
            .le(parts[1].clamp(min: Double(rule.minimumSide)) / 2).all(dim: -1)
        let predicted = boxes.indexSelect(dim: 0, index: objects.images)
        let overlaps = objects.boxes.unsqueeze(1).probabilisticIoU(predicted).squeeze(-1).clamp(min: 0)
            .maskedFill(isInside.logicalNot(), 0)
        self.init(
            overlaps: overlaps, isInside: isInside, probabilities: Self.probabilities(objects, logits),
            imageCount: logits.shape[0], rule)
    }

    /// The probability of each object's class at each position of its image: [objects, positions].
    private static func probabilities(_ objects: ObjectList, _ logits: Tensor) -> Tensor {
        let (images, positions, classes) = (logits.shape[0], logits.shape[1], logits.shape[2])
        return logits.transpose(1, 2).reshape(images * classes, positions)
            .indexSelect(dim: 0, index: objects.images * classes + objects.classes).sigmoid()
    }

    /// How many times as many positions are compared by their masks as an object gets.
    private static let comparedShare = 3

    /// The same with the mean of the boxes' and the masks' overlap. Masks are compared where that of the boxes is best,
    /// and count as apart elsewhere.
    func averaged(
        with masks: MaskTargets, _ boxes: Tensor, _ objects: ObjectList, _ rule: AssignmentRule
    ) -> Alignment {
        let count = min(Self.comparedShare * rule.topK, metrics.shape[1])
        let (best, positions) = metrics.topK(count, dim: 1)
        let compared = masks.overlaps(at: positions, boxes, objects).maskedFill(best.eq(0), 0)
        let all = Tensor.zeros(overlaps.shape).scatter(dim: 1, index: positions, source: compared)
        return Alignment(
            overlaps: (overlaps + all) / 2, isInside: isInside, probabilities: probabilities, imageCount: imageCount,
            rule)
    }

    /// The same with the similarity of keypoints instead of the boxes' overlap, at positions whose map suits the object's
    /// size; at all where none suits.
    func judged(by keypoints: KeypointTargets, _ grid: AnchorGrid, _ rule: AssignmentRule) -> Alignment {
        let similar = keypoints.similarities(elsewhere: overlaps, grid).maskedFill(isInside.logicalNot(), 0)
        let suits = keypoints.suits(grid).logicalAnd(isInside)
        let isOpen = suits.any(dim: 1, keepDim: true)
        let kept = similar.maskedFill(suits.logicalNot().logicalAnd(isOpen), 0)
        return Alignment(
            overlaps: kept, isInside: isInside, probabilities: probabilities, imageCount: imageCount, rule)
    }

    /// Corners with sides of at least `minimum` around the same centers.
    private static func widened(_ boxes: Tensor, to minimum: Double) -> Tensor {
        let ends = boxes.split(2, dim: -1)
        let isShort = (ends[1] - ends[0]).lt(minimum)
        let middle = (ends[0] + ends[1]) / 2
        return Tensor.cat(
            [
                Tensor.where(isShort, middle - minimum / 2, ends[0]),
                Tensor.where(isShort, middle + minimum / 2, ends[1]),
            ], dim: -1)
    }

    /// For each place, the object of its image that the position's box overlaps most; the first of equal ones.
    func highestOverlap(at positions: Tensor, ofImagesLike object: Tensor, _ objects: ObjectList) -> Tensor {
        let isSameImage = objects.images.unsqueeze(1).eq(objects.images.indexSelect(dim: 0, index: object).unsqueeze(0))
        return overlaps.indexSelect(dim: 1, index: positions).maskedFill(isSameImage.logicalNot(), -1).argmax(dim: 0)
    }
}
