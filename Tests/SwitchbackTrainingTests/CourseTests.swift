import SwitchbackTraining
import Testing

@Suite struct CourseTests {
    private func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

    @Test func anEvenWay() {
        let course = Course(from: 2, to: 6)
        #expect([0, 2, 3, 6, 9].map(course.share) == [0, 0, 0.25, 1, 1])
    }

    @Test func theShareGoesOnWhereItWas() {
        var course = Course(to: 100)
        course.move(end: 28, at: 10)
        #expect(isNear(course.share(at: 10), 0.1) && isNear(course.share(at: 19), 0.55) && course.share(at: 28) == 1)
        course.move(end: 37, at: 19)
        #expect(isNear(course.share(at: 19), 0.55) && isNear(course.share(at: 28), 0.775) && course.share(at: 37) == 1)
    }

    @Test func beforeTheBeginningNothingLiesBehind() {
        var course = Course(from: 5, to: 10)
        course.move(end: 20, at: 3)
        #expect(course == Course(from: 5, to: 20))
        course.move(end: 4, at: 5)
        #expect(course.share(at: 5) == 1)
    }
}
