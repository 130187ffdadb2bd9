import Switchback
import SwitchbackTraining
import Testing

@Suite struct AvailableMemoryTests {
    /// 8 times 64 pictures of 3 × 8000 × 8000 numbers of 4 bytes.
    @Test func whatCannotFitIsRefused() throws {
        let error = #expect(throws: InputError.self) {
            try AvailableMemory.check(batch: 64, of: [3, 8000, 8000], available: 16 << 30)
        }
        #expect(
            error?.description == "memory: a batch of 64 pictures of shape [3, 8000, 8000] takes more than 366.2 GiB, "
                + "and 16.0 GiB are free; take fewer or smaller pictures: --batch, --imgsz")
        try AvailableMemory.check(batch: 16, of: [3, 640, 640], available: 16 << 30)
        try AvailableMemory.check(batch: 64, of: [3, 8000, 8000], available: nil)
    }
}
