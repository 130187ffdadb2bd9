import Foundation
import Switchback
import SwitchbackServer
import SwitchbackVision
import TestSupport
import Testing

/// Which images of requests are kept.
struct RequestKeeperTests {
    private let folder: TemporaryFolder
    private let upload: ImageUpload

    init() throws {
        folder = try TemporaryFolder()
        let bytes = try Image(height: 8, width: 8, filledWith: 9).jpegData()
        upload = try ImageUpload(bytes, contentType: "image/jpeg", names: [])
    }

    private func request(_ uncertainty: Float) -> KeptRequest {
        var request = KeptRequest(task: "detect", status: 200, milliseconds: 1)
        request.uncertainty = uncertainty
        return request
    }

    /// Keeps requests one after another; returns the certainties of those whose images are there after each.
    private func keep(_ keeper: RequestKeeper, _ uncertainty: Float) async throws -> [Float] {
        let before = RequestKeeper.requests(in: folder.url.path).count
        keeper.keep(request(uncertainty), upload)
        while RequestKeeper.requests(in: folder.url.path).count == before {
            try await Task.sleep(for: .milliseconds(5))
        }
        let there = RequestKeeper.imageNames(in: folder.url.path)
        return RequestKeeper.requests(in: folder.url.path).filter { there.contains($0.image ?? "") }.map(\.uncertainty)
    }

    @Test func theMostCertainMakesRoom() async throws {
        let keeper = try RequestKeeper(folder.url.path, mostImages: 2)
        defer { keeper.stop() }
        #expect(try await keep(keeper, 0.5) == [0.5])
        #expect(try await keep(keeper, 0.9) == [0.5, 0.9])
        #expect(try await keep(keeper, 0.1) == [0.5, 0.9])
        #expect(try await keep(keeper, 0.7) == [0.9, 0.7])
    }

    /// Those that somebody took to label them were the least certain: their places are free again.
    @Test func whatIsTakenMakesRoom() async throws {
        let keeper = try RequestKeeper(folder.url.path, mostImages: 2)
        defer { keeper.stop() }
        _ = try await keep(keeper, 0.8)
        #expect(try await keep(keeper, 0.9) == [0.8, 0.9])
        for name in RequestKeeper.imageNames(in: folder.url.path) {
            try FileManager.default.removeItem(atPath: folder.path("\(RequestKeeper.imagesName)/\(name)"))
        }
        #expect(try await keep(keeper, 0.2) == [0.2])
        #expect(try await keep(keeper, 0.1) == [0.2, 0.1])
    }

    @Test func twoServersDoNotKeepInOneFolder() throws {
        let keeper = try RequestKeeper(folder.url.path, mostImages: 2)
        defer { keeper.stop() }
        #expect(throws: InputError.self) { try RequestKeeper(folder.url.path, mostImages: 2) }
    }
}
