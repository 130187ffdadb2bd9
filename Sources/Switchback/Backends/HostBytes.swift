// How bytes pass the wall between the processor's memory and that of a device, in both directions, and between two
// devices. Nothing is copied where the memory is the processor's own.

extension NDArray {
    /// Runs `body` on the bytes of the elements in row-major order: where they lie, if the processor can read them
    /// there and they lie so; else on a copy.
    public func withHostBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let dense = contiguous()
        if let result = try dense.withReadableBytes(body) { return result }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: dense.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        if byteCount > 0 { backend.download(dense.address, into: bytes) }
        return try body(UnsafeRawBufferPointer(bytes))
    }

    /// Runs `body` on the bytes of the elements in row-major order, if the processor can read them where they lie and
    /// they lie so; `nil` else.
    @inline(__always)
    func withReadableBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard isContiguous, storage.isHostReadable else { return nil }
        return try withExtendedLifetime(storage) {
            try body(UnsafeRawBufferPointer(start: pointer, count: byteCount))
        }
    }

    /// New memory of the processor, dense in row-major order, whose bytes `write` fills: what files and images are read
    /// into, whatever the backend of new tensors is.
    public init(
        shape: Shape, dtype: DType, writing write: (UnsafeMutableRawBufferPointer) throws -> Void
    ) rethrows {
        self.init(empty: shape, dtype: dtype, backend: CPUBackend.self)
        try write(UnsafeMutableRawBufferPointer(start: pointer, count: byteCount))
    }

    /// New memory of a backend with elements whose bytes, in row-major order, lie in the processor's.
    public init(uploading bytes: UnsafeRawBufferPointer, shape: Shape, dtype: DType, to backend: any Backend.Type) {
        self.init(empty: shape, dtype: dtype, backend: backend)
        require(
            bytes.count == byteCount, "upload",
            "\(bytes.count) bytes do not fill the shape \(shape) of \(dtype), which takes \(byteCount)")
        if byteCount > 0 { backend.upload(bytes, to: address) }
    }

    /// The same elements in the memory of a backend: itself if they lie there already, else a dense copy.
    public func transferred(to backend: any Backend.Type) -> NDArray {
        if backend == self.backend { return self }
        // Images keep their order: what lies channels last is seen row-major with the channels as last dimension.
        let view = memoryOrder.view
        let copy = view.withHostBytes { NDArray(uploading: $0, shape: view.shape, dtype: dtype, to: backend) }
        return view.layout === layout ? copy : NDArray(storage: copy.storage, layout: layout, dtype: dtype)
    }

    /// Copies every element into an array of the same shape, converted to its type, whatever memories the two lie in.
    public func copy(into target: NDArray) {
        let backend = target.backend
        if backend == self.backend { return backend.copy(self, into: target) }
        backend.copy(cast(to: target.dtype).transferred(to: backend), into: target)
    }

    /// The size of the elements that the array shows.
    private var byteCount: Int { count * dtype.byteCount }
}
