import SwitchbackVision
import Testing

@Suite struct TrackerTests {
    private func thing(_ x: Float, _ y: Float, score: Float = 0.9, classIndex: Int = 0) -> Detection {
        Detection(box: Box(centerX: x, centerY: y, width: 40, height: 60), classIndex: classIndex, score: score)
    }

    @Test func twoThingsThatCrossKeepTheirNumbers() {
        var tracker = Tracker()
        var last: [Tracker.Tracked] = []
        // One goes right, one left, 30 pixels above each other: their boxes overlap in the middle.
        for frame in 0..<40 {
            let x = Float(frame) * 8
            last = tracker.update([thing(100 + x, 200), thing(412 - x, 230)])
        }
        #expect(last.map(\.id) == [1, 2])
        #expect(last[0].detection.box.centerX == 412 && last[1].detection.box.centerX == 100)
    }

    @Test func aThingThatIsHiddenForAWhileIsRecognized() {
        var tracker = Tracker()
        for frame in 0..<10 { _ = tracker.update([thing(100 + 5 * Float(frame), 100)]) }
        for _ in 0..<6 { #expect(tracker.update([]).isEmpty) }
        #expect(tracker.update([thing(100 + 5 * 16, 100)]).map(\.id) == [1])
    }

    @Test func aThingGoneForLongGetsANewNumber() {
        var tracker = Tracker()
        tracker.patience = 3
        for _ in 0..<5 { _ = tracker.update([thing(100, 100)]) }
        for _ in 0..<5 { _ = tracker.update([]) }
        _ = tracker.update([thing(100, 100)])
        #expect(tracker.update([thing(100, 100)]).map(\.id) == [2])
    }

    @Test func unlikelyBoxesGoOnTracksButBeginNone() {
        var tracker = Tracker()
        #expect(tracker.update([thing(50, 50, score: 0.15)]).isEmpty)
        for _ in 0..<3 { _ = tracker.update([thing(300, 300)]) }
        #expect(tracker.update([thing(300, 300, score: 0.15)]).map(\.id) == [1])
    }

    @Test func anotherClassIsAnotherThing() {
        var tracker = Tracker()
        for _ in 0..<3 { _ = tracker.update([thing(100, 100)]) }
        for _ in 0..<2 { _ = tracker.update([thing(100, 100, classIndex: 1)]) }
        #expect(tracker.update([thing(100, 100, classIndex: 1)]).map(\.id) == [2])
    }
}
