import Foundation
import Runner

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Fetches files from the web.
enum WebDownload {
  /// Fetches one file.
  /// - Throws: `DataSourceError.download`, or `StageError.interrupted`.
  static func fetch(_ url: URL, to target: URL, _ interruption: Interruption) throws {
    try BlockingTask.run(interruption) {
      let (file, response): (URL, URLResponse)
      do {
        (file, response) = try await URLSession.shared.download(from: url)
      } catch {
        throw DataSourceError.download(url.absoluteString, reason: error.localizedDescription)
      }
      let status = (response as? HTTPURLResponse)?.statusCode ?? 200
      guard status == 200 else {
        try? FileManager.default.removeItem(at: file)
        throw DataSourceError.download(
          url.absoluteString, reason: "the server answered with status \(status)")
      }
      try FileManager.default.moveItem(at: file, to: target)
    }
  }
}
