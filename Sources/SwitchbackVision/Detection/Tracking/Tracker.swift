/// Follows objects from frame to frame: a box belongs to the track whose predicted box it overlaps most (Bewley et al.,
/// "Simple Online and Realtime Tracking", 2016, with a greedy match). Likely boxes are matched first and unlikely ones
/// only to tracks that are left over, which keeps objects that are partly hidden (Zhang et al., "ByteTrack", 2022).
public struct Tracker: Sendable {
    /// The least overlap of a box with a track.
    public var minimumIoU: Float = 0.3
    /// Boxes below this score begin no tracks.
    public var startScore: Float = 0.25
    /// For how many frames a track is remembered without being seen.
    public var patience = 30
    /// In how many frames a track must have been seen before it is reported.
    public var minimumHits = 2

    private var tracks: [Track] = []
    private var nextID = 1
    private var frames = 0

    public init() {}

    /// Begins with other images: tracks end, and their numbers are not used again.
    mutating func forgetAll() {
        tracks.removeAll()
        frames = 0
    }

    /// A detection with the number of the object that it shows.
    public struct Tracked: Sendable, Hashable {
        public let id: Int
        public let detection: Detection
    }

    /// The objects of the next frame that are tracked, by number.
    public mutating func update(_ detections: [Detection]) -> [Tracked] {
        frames += 1
        for i in tracks.indices { tracks[i].predict() }
        var unmatched = Set(tracks.indices)
        var seen: [(track: Int, detection: Detection)] = []
        var begun: [Detection] = []
        let (likely, unlikely) = (
            detections.filter { $0.score >= startScore }, detections.filter { $0.score < startScore }
        )
        for (group, begins) in [(likely, true), (unlikely, false)] {
            let matches = match(group, to: unmatched)
            for (track, detection) in matches {
                unmatched.remove(track)
                tracks[track].correct(group[detection])
                seen.append((track, group[detection]))
            }
            let taken = Set(matches.map(\.detection))
            if begins { begun = group.indices.filter { !taken.contains($0) }.map { group[$0] } }
        }
        for detection in begun {
            seen.append((tracks.count, detection))
            tracks.append(Track(id: nextID, detection))
            nextID += 1
        }
        // In the first frames no track can have been seen often.
        let reported = seen.filter { tracks[$0.track].hits >= min(minimumHits, frames) }
            .map { Tracked(id: tracks[$0.track].id, detection: $0.detection) }.sorted { $0.id < $1.id }
        let patience = patience
        tracks.removeAll { $0.missed > patience }
        return reported
    }

    /// Pairs of the largest overlaps, of one class.
    private func match(_ detections: [Detection], to free: Set<Int>) -> [(track: Int, detection: Int)] {
        var pairs: [(iou: Float, track: Int, detection: Int)] = []
        for track in free.sorted() {
            for (i, detection) in detections.enumerated() where detection.classIndex == tracks[track].classIndex {
                let iou = tracks[track].box.iou(detection.box)
                if iou >= minimumIoU { pairs.append((iou, track, i)) }
            }
        }
        pairs.sort { ($1.iou, $0.track, $0.detection) < ($0.iou, $1.track, $1.detection) }
        var (usedTracks, usedDetections) = (Set<Int>(), Set<Int>())
        return pairs.compactMap { pair in
            guard !usedTracks.contains(pair.track), !usedDetections.contains(pair.detection) else { return nil }
            usedTracks.insert(pair.track)
            usedDetections.insert(pair.detection)
            return (pair.track, pair.detection)
        }
    }
}

/// An object that is followed.
private struct Track: Sendable {
    let id: Int
    let classIndex: Int
    private(set) var hits = 1
    /// For how many frames it was not seen.
    private(set) var missed = 0
    /// Center x, center y, width and height.
    private var filters: [KalmanFilter]

    /// How far measurements are off, and how much velocities change in a frame, as shares of the object's height.
    private static let (deviation, acceleration) = (0.05, 0.02)

    init(id: Int, _ detection: Detection) {
        self.id = id
        classIndex = detection.classIndex
        let size = Double(detection.box.height)
        filters = detection.measurements.map { KalmanFilter($0, deviation: Track.deviation * size) }
    }

    private var height: Double { max(filters[3].position, 1) }

    /// Where the object is thought to be.
    var box: Box {
        let values = filters.map { Float($0.position) }
        return Box(centerX: values[0], centerY: values[1], width: values[2], height: values[3])
    }

    mutating func predict() {
        let size = height
        for i in filters.indices { filters[i].predict(acceleration: Track.acceleration * size) }
        missed += 1
    }

    mutating func correct(_ detection: Detection) {
        let size = height
        for (i, value) in detection.measurements.enumerated() {
            filters[i].correct(value, deviation: Track.deviation * size)
        }
        hits += 1
        missed = 0
    }
}

extension Detection {
    /// Center x, center y, width and height.
    fileprivate var measurements: [Double] {
        [box.centerX, box.centerY, box.width, box.height].map(Double.init)
    }
}
