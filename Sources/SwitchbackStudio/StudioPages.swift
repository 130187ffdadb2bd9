import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

/// The pages, styles, scripts and words of the studio, which the build puts beside the executable.
///
/// A page is a folder `NAME` with `NAME.html`, `NAME.css` and `NAME.js`: the first is what stands within the frame that
/// all pages share, `frame/frame.html`. All files are read once, and each has a route of its own: no path that a client
/// sends is looked up on disk.
struct StudioPages: Sendable {
    private let files: [String: [UInt8]]

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "json": "application/json; charset=utf-8", "svg": "image/svg+xml",
    ]
    /// The addresses of pages that have another one than `/NAME`: what follows a colon is a data set, or its image.
    private static let addresses = [
        "home": "/", "set": "/data/:set", "check": "/data/:set/check", "label": "/data/:set/label/:image",
    ]

    /// - Throws: `InputError` where the folder is missing or a file cannot be read.
    init() throws {
        let folder = try ResourceFolder.of(target: "SwitchbackStudio").appendingPathComponent("Resources").path
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where StudioPages.types[(name as NSString).pathExtension] != nil {
            guard let content = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                throw InputError("\(folder)/\(name)", "cannot be read")
            }
            files["/\(name)"] = Array(content)
        }
        guard let frame = files.removeValue(forKey: "/frame/frame.html") else {
            throw InputError("\(folder)/frame/frame.html", "is missing")
        }
        for path in files.keys where path.hasSuffix(".html") {
            let page = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
            let address = StudioPages.addresses[page] ?? "/\(page)"
            let content = files.removeValue(forKey: path) ?? []
            files[address] = StudioPages.framed(content, frame, page, at: address)
        }
        self.files = files
    }

    /// The whole page: its content within the frame, whose entry for it is marked, as the first part of its address says.
    private static func framed(_ content: [UInt8], _ frame: [UInt8], _ page: String, at address: String) -> [UInt8] {
        let entry = address.split(separator: "/").first ?? ""
        let text = String(decoding: frame, as: UTF8.self)
            .replacing("data-nav=\"\(entry)\"", with: "aria-current=\"page\"")
            .replacing(#/ data-nav="[a-z]+"/#, with: "")
            .replacing("{{page}}", with: page)
            .replacing("{{main}}", with: String(decoding: content, as: UTF8.self))
        return Array(text.utf8)
    }

    func add(to router: some RouterMethods<some RequestContext>) {
        for (path, bytes) in files {
            let type = StudioPages.types[(path as NSString).pathExtension] ?? "text/html; charset=utf-8"
            router.get(RouterPath(path)) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: type, .cacheControl: "no-cache"],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            }
        }
    }
}

/// Lets the pages load nothing but what the studio itself serves, and no other page show them in a frame.
struct GuardPages<Context: RequestContext>: RouterMiddleware {
    private static var policy: String {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }
}
