extension RequestKeeper {
    /// Notes what was found in an image, as `KeptRequest.found` has it, and how uncertain that is.
    typealias Keep = (_ upload: ImageUpload, _ found: [[Float]], _ uncertainty: Float) -> Void
}

extension RequestKeeper? {
    /// The answer that `work` makes; the request is kept, where requests are.
    func keeping<Answer>(
        _ task: String, _ work: (_ keep: RequestKeeper.Keep) async throws -> Answer
    ) async throws -> Answer {
        let start = ContinuousClock.now
        func kept(_ status: Int) -> KeptRequest {
            KeptRequest(task: task, status: status, milliseconds: start.duration(to: .now) / .milliseconds(1))
        }
        do {
            return try await work { upload, found, uncertainty in
                var request = kept(200)
                (request.found, request.uncertainty) = (found, uncertainty)
                self?.keep(request, upload)
            }
        } catch {
            self?.keep(kept(Int(APIError(error).status.code)), nil)
            throw error
        }
    }
}
