import Foundation
import Runner

/// Completions that servers have sent, one file each, shared by all recipes.
///
/// A completion is on the disk before it counts as received, so that no request which was answered
/// is ever sent again.
struct CompletionStore: Sendable {
  let folder: URL

  /// What was once answered to a request, if anything.
  func completion(for digest: String) -> ServerCompletion? {
    guard let data = try? Data(contentsOf: file(digest)), let row = try? JSONValue(parsing: data),
      let text = row["text"]?.string, let isTruncated = row["truncated"]?.boolean
    else { return nil }
    return ServerCompletion(text: text, isTruncated: isTruncated)
  }

  /// Keeps an answer.
  func keep(_ completion: ServerCompletion, for request: CompletionRequest) throws {
    let digest = request.digest
    try FileManager.default.createDirectory(
      at: file(digest).deletingLastPathComponent(), withIntermediateDirectories: true)
    let row: JSONValue = [
      "id": .string(request.id), "request": request.body, "text": .string(completion.text),
      "truncated": .boolean(completion.isTruncated),
    ]
    try AtomicFile.write(row.text + "\n", to: file(digest))
  }

  private func file(_ digest: String) -> URL {
    folder.appending(path: "\(digest.prefix(2))/\(digest).json")
  }
}
